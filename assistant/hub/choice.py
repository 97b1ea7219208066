"""Which hub is spoken to, at which address; its client library is imported only when it is."""

import os
from typing import assert_never

from assistant.config.models import Models
from assistant.hub.catalog import Hub
from assistant.hub.remote import Remote, address_of

# The client libraries read these when they are imported or called: no bars and logs of their own, nothing said about
# this machine, no stored login, no question to a cloud's metadata service, no second lock beside ours.
_QUIET = {
    "TQDM_DISABLE": "1",
    "MODELSCOPE_LOG_LEVEL": "CRITICAL",
    "MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false",
    "MODELSCOPE_DOWNLOAD_FILE_LOCK": "false",
    "HF_HUB_VERBOSITY": "critical",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
}


def remote_of(hub: Hub, settings: Models) -> Remote:
    """Return the hub at the configured address."""
    os.environ.update(_QUIET)
    match hub:
        case "modelscope":
            from assistant.hub.modelscope import ModelScope

            return ModelScope(address_of(hub, settings))
        case "huggingface":
            from assistant.hub.huggingface import HuggingFace

            return HuggingFace(address_of(hub, settings))
    assert_never(hub)
