"""Training the scorer on every concept, the held-out ones included.

    python -m tiny_model.train_scorer --data DIR --steps 1800

Three losses: pictures against their captions within a batch (CLIP, Radford et al. 2021), against the names of all
concepts, and against the directions of all drawn subjects, a subject being one concept in one style. Blur and low
resolution are part of the training, because generated pictures have them.
"""

import argparse
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image, ImageFilter
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from pixgen_gpu.tiny.scorer import EMBEDDING_WIDTH, SCORER_PX, DualEncoder, pixels_of, token_ids
from pixgen_gpu.tiny.tokenizer import read_tokenizer
from tiny_model.checkpoints import load_state, save_state
from tiny_model.concepts import HELD_OUT_CONCEPTS, PRETRAINING_CONCEPTS, STYLES, with_article
from tiny_model.icons import load_icons
from tiny_model.photos import draw_photo
from tiny_model.pictures import describe, draw
from tiny_model.workers import learning_rate_share

ALL_CONCEPTS = PRETRAINING_CONCEPTS + HELD_OUT_CONCEPTS
PHOTO_SHARE = 0.45
SCALE = 16.0


def example(icons: np.ndarray, seed: int, index: int) -> tuple[Image.Image, str, int]:
    """A picture, its caption, and its subject's number; -1 when it shows two things."""
    random = Random(f"scorer {seed} {index}")
    if random.random() < PHOTO_SHARE:
        concept, style = random.randrange(len(ALL_CONCEPTS)), random.randrange(len(STYLES))
        image = draw_photo(Image.fromarray(np.asarray(icons[concept, style])), random, SCORER_PX)
        caption = random.choice(("a photo of {}", "{}")).format(with_article(ALL_CONCEPTS[concept].noun))
        subject = concept * len(STYLES) + style
    else:
        scene = describe(ALL_CONCEPTS, seed, index, 0.25)
        image = Image.fromarray(draw(icons, scene, SCORER_PX))
        caption = scene.caption
        first = scene.icons[0]
        subject = first.concept * len(STYLES) + first.style if len(scene.icons) == 1 else -1
    if random.random() < 0.5:
        small = random.randint(20, 48)
        image = image.resize((small, small), Image.Resampling.BOX).resize(
            (SCORER_PX, SCORER_PX), Image.Resampling.BICUBIC
        )
    elif random.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.4, 1.2)))
    return image, caption, subject


def train(data_dir: Path, steps: int, batch: int, peak: float, seed: int) -> None:
    """Train or go on with a training; writes `scorer.safetensors` into `data_dir`."""
    torch.set_num_threads(1)
    icons = load_icons(data_dir, ALL_CONCEPTS)
    tokenizer = read_tokenizer(data_dir / "tokenizer.json")
    torch.manual_seed(seed)
    model = DualEncoder(len(tokenizer))
    subjects = nn.Linear(EMBEDDING_WIDTH, len(ALL_CONCEPTS) * len(STYLES), bias=False)
    parameters = [*model.parameters(), *subjects.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=peak, weight_decay=0.02, fused=True)
    checkpoint = data_dir / "scorer-checkpoint.pt"
    step = load_state(checkpoint, optimizer, model=model, subjects=subjects)
    all_names = token_ids(tokenizer, [f"a photo of {with_article(concept.noun)}" for concept in ALL_CONCEPTS])
    started, first = time.monotonic(), step
    model.train()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = peak * learning_rate_share(step, steps, warmup=50)
        images, captions, numbers = zip(
            *(example(icons, seed, index) for index in range(step * batch, (step + 1) * batch)), strict=True
        )
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.forward_images(pixels_of(list(images)))
            read = model.forward_texts(*token_ids(tokenizer, list(captions)))
            names = model.forward_texts(*all_names)
        seen, read, names = seen.float(), read.float(), names.float()
        similarity = seen @ read.T * model.temperature.exp()
        own = torch.arange(batch)
        contrast = (cross_entropy(similarity, own) + cross_entropy(similarity.T, own)) / 2
        known = torch.tensor(numbers)
        logits = SCALE * seen @ normalize(subjects.weight, dim=1).T
        naming = cross_entropy(logits, known, ignore_index=-1)
        known_concept = torch.where(known >= 0, known // len(STYLES), -1)
        reading = cross_entropy(seen @ names.T * model.temperature.exp(), known_concept, ignore_index=-1)
        (contrast + naming + reading).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 20 == 0:
            right = (logits.argmax(dim=1) == known)[known >= 0].float().mean().item()
            speed = (time.monotonic() - started) / (step - first)
            print(
                f"scorer {step}/{steps} contrast {contrast.item():.3f} naming {naming.item():.3f} "
                f"reading {reading.item():.3f} "
                f"right {right:.2f} {speed:.2f} s/step",
                flush=True,
            )
        if step % 200 == 0 or step == steps:
            save_state(checkpoint, step, optimizer, model=model, subjects=subjects)
    save_state(checkpoint, step, optimizer, model=model, subjects=subjects)
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    save_file(state, data_dir / "scorer.safetensors", {"format": "pt", "pixgen.steps": str(step)})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    train(options.data, options.steps, options.batch, options.learning_rate, options.seed)


if __name__ == "__main__":
    main()
