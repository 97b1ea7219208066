"""What every screen says of the confidences that it shows: calibrated, on what, or not."""

from rich.text import Text

from assistant.apps.words import Words
from assistant.config.calibration import ENOUGH_TURNS, Provenance


def standing(calibrated: Provenance | None, words: Words) -> Text:
    """Return one line; what rests on too few turns is called uncalibrated, too."""
    if calibrated is None:
        return Text(words.screen("calibration.none"), style="yellow")
    facts = {
        "turns": str(calibrated.turns),
        "speakers": str(calibrated.speakers),
        "date": calibrated.date.isoformat(),
        "domain": calibrated.domain,
        "enough": str(ENOUGH_TURNS),
    }
    if not calibrated.enough:
        return Text(words.screen("calibration.too_few", facts), style="yellow")
    return Text(words.screen("calibration.in_use", facts), style="dim")
