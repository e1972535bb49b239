"""Learning the tiny model's byte-pair encoding."""

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from pixgen_gpu.tiny.tokenizer import make_tokenizer
from tiny_model.concepts import COLOURS, HELD_OUT_CONCEPTS, PRETRAINING_CONCEPTS
from tiny_model.pictures import STYLE_WORDS

VOCABULARY_SIZE = 2600
START, END = "<|startoftext|>", "<|endoftext|>"
_PROMPT_WORDS = """
a an the of in on at by with and from to as under over near behind background photo picture image icon drawing portrait
person man woman boy girl dog cat animal thing object subject style toy pet child wearing holding standing sitting
"""


def learn_tokenizer(data_dir: Path) -> CLIPTokenizer:
    """Byte-level BPE like CLIP's over captions and emojibase's labels and tags, with CLIP's special tokens."""
    words: Counter[str] = Counter()
    entries = json.loads((data_dir / "node_modules/emojibase-data/en/data.json").read_text())
    for entry in entries:
        for text in [entry["label"], *entry.get("tags", [])]:
            words.update(text.lower().replace("-", " ").split())
    # Every word of a caption is to become one token, so it outweighs whatever else shares its letters.
    texts = [noun for c in PRETRAINING_CONCEPTS + HELD_OUT_CONCEPTS for noun in (c.noun, c.kind)]
    texts += [*COLOURS, *(words for choices in STYLE_WORDS.values() for words in choices), _PROMPT_WORDS]
    for word in {word for text in texts for word in text.replace("-", " ").split()} | {"sks"}:
        words[word] += 1000

    tokenizer = Tokenizer(BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)  # pyright: ignore[reportAttributeAccessIssue]
    alphabet = sorted(ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(alphabet) - 2,
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
        min_frequency=2,
    )
    # One line per occurrence class: the trainer counts lines, and counting up to 30 keeps their order.
    tokenizer.train_from_iterator((w for w, n in sorted(words.items()) for _ in range(min(n, 30))), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]
    tokens = [*alphabet, *(f"{char}</w>" for char in alphabet), *(left + right for left, right in merges), START, END]
    return make_tokenizer({token: index for index, token in enumerate(dict.fromkeys(tokens))}, merges)
