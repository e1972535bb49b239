"""What each photo is said to show.

Method: DreamBooth's rare token beside a class word (Ruiz et al. 2022), in several neutral sentences, so that the
subject is not tied to one of them (as in textual inversion, Gal et al. 2022).
"""

import re
from typing import Protocol

from PIL import Image

# Nothing here may say more than is true of any photo.
TEMPLATES = ("photo of {}", "a photo of {}", "a picture of {}", "an image of {}", "a snapshot of {}", "{}")
MAX_DESCRIPTION = 160
"""Characters: more would push the end of the caption past the text encoders' 77 tokens."""


class Captioner(Protocol):
    """Says what a photo shows, in a few words and always the same for the same photo."""

    def __call__(self, image: Image.Image) -> str: ...


def subject_captions(subject: str, description: str = "") -> tuple[str, ...]:
    """Captions of one photo of `subject`; a description follows it, because it tells what is *not* the subject."""
    text = tidy_description(description)
    if not text:
        return tuple(template.format(subject) for template in TEMPLATES)
    # Every description is a text of its own to encode, and is varied enough by itself.
    return tuple(f"{template.format(subject)}, {text}" for template in TEMPLATES[:2])


def class_captions(class_word: str) -> tuple[str, ...]:
    """Captions of class images: the same sentences without the trigger word."""
    article = "an" if class_word[:1] in "aeiou" else "a"
    return subject_captions(f"{article} {class_word}")


def tidy_description(text: str) -> str:
    """One line without control characters, cut at a word."""
    line = re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f]", " ", text)).strip(" .,")
    if len(line) <= MAX_DESCRIPTION:
        return line
    return line[: MAX_DESCRIPTION + 1].rpartition(" ")[0].strip(" .,")
