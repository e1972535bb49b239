"""The nano profile's own tokenizer: CLIP's byte-level BPE over a word list, built without any download."""

from transformers import CLIPTokenizer

# Whole words of everyday image prompts become one token; anything else falls back to pieces and bytes.
_WORDS = """
a an the of in on at by with and from to as wearing holding standing sitting looking front behind under over near
photo portrait picture painting drawing headshot selfie close up full body wide shot scene background foreground
person man woman boy girl dog cat pet horse bird bear toy doll robot car house child people face eyes hair smile
professional business suit studio office corporate confident natural soft light lighting golden hour sunset sunrise
fantasy warrior knight wizard elf dragon castle forest magic armor sword crown king queen epic hero character
cinematic film movie noir neon city street rain night snow mountain beach ocean desert garden space futuristic
detailed sharp focus depth field bokeh high quality vivid dramatic mood color black white red green blue yellow
blurry low bad ugly deformed watermark text style art digital oil watercolor anime vintage modern classic sks_
"""


def _byte_alphabet() -> list[str]:
    """CLIP's printable stand-ins for the 256 byte values, in its order (GPT-2's byte-level BPE)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [*map(chr, printable), *(chr(256 + i) for i in range(256 - len(printable)))]


def _merges() -> list[tuple[str, str]]:
    """Left-to-right merges that build every word of the list, each once, in the list's order."""
    merges: dict[tuple[str, str], None] = {}
    for word in _WORDS.split():
        pieces = [*word[:-1], f"{word[-1]}</w>"]
        while len(pieces) > 1:
            merges[(pieces[0], pieces[1])] = None
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
    return list(merges)


def nano_tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer of under 2,000 tokens with CLIP's special tokens and 77 positions."""
    alphabet, merges = _byte_alphabet(), _merges()
    tokens = [*alphabet, *(f"{char}</w>" for char in alphabet), *(left + right for left, right in merges)]
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    # transformers documents pairs; its annotation says strings
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)  # pyright: ignore[reportArgumentType]
