"""What an assistant is for, where it runs and who speaks to it: each decides what may be heard and said."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class ServiceProfile(StrEnum):
    """What the assistant is for; rules of the policy ask for it (`profile`)."""

    COMPANION = "companion"
    CUSTOMER_SERVICE = "customer_service"
    ASSISTANT = "assistant"


class Region(StrEnum):
    """Whose law applies."""

    CN = "cn"
    EU = "eu"
    OTHER = "other"


class Speakers(StrEnum):
    """Who speaks to the assistant, as far as the law asks."""

    CUSTOMERS = "customers"
    EMPLOYEES = "employees"
    PUPILS = "pupils"


class Consent(StrEnum):
    """Whether the speakers agreed that their emotions are read."""

    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a tuning must know of its place: language of answers, purpose, consent, region of the numbers, minors."""

    language: Literal["auto", "zh", "en"]
    service_profile: ServiceProfile
    emotion_consent: Consent
    region: Region
    minor_mode: bool


def voice_emotion_banned(region: Region, speakers: Speakers) -> str | None:
    """Return why no emotion may be read from these speakers' voices, None where it may.

    Source: Regulation (EU) 2024/1689, Article 5(1)(f), in force since 2025-02-02. Emotion from words alone is no
    biometric inference (Article 3(39)) and stays.
    """
    if region is not Region.EU or speakers is Speakers.CUSTOMERS:
        return None
    place = "at work" if speakers is Speakers.EMPLOYEES else "in education"
    return (
        f"region: eu, speakers: {speakers}: the EU AI Act, Article 5(1)(f), forbids reading emotions from voices "
        f"{place}; set emotion.kind=none (words alone are still read) or emotion_consent=refused (no emotion is read)"
    )
