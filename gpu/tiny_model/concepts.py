"""The words that the tiny model knows, and the ones kept out of its pretraining.

Icon names are those of the Iconify packages; every one of them exists in all four styles.
"""

from dataclasses import dataclass
from typing import Literal

Style = Literal["fluent-emoji", "fluent-emoji-flat", "twemoji", "noto"]
STYLES: tuple[Style, ...] = ("fluent-emoji", "fluent-emoji-flat", "twemoji", "noto")


@dataclass(frozen=True)
class Concept:
    """One thing that can be drawn: its icon, the words for it, and the word for its kind."""

    icon: str
    noun: str
    kind: str


# One line per kind; `icon:noun`, or only the icon when the words are the same. `~` stands for a space in the noun.
_PRETRAINING = """
animal dog-face:dog cat-face:cat fox lion tiger-face:tiger horse-face:horse unicorn cow-face:cow pig-face:pig
animal mouse-face:mouse rabbit-face:rabbit bear panda koala monkey-face:monkey frog elephant giraffe zebra kangaroo
animal hedgehog camel gorilla wolf turtle snake crocodile lizard dragon-face:dragon t-rex:dinosaur
animal whale dolphin fish tropical-fish:tropical~fish blowfish shark crab lobster shrimp squid snail
bird chicken rooster baby-chick:chick bird owl duck swan flamingo peacock eagle
insect butterfly ant honeybee:bee spider
plant rose sunflower tulip cherry-blossom:cherry~blossom hibiscus evergreen-tree:pine~tree deciduous-tree:tree
plant palm-tree:palm~tree four-leaf-clover:clover maple-leaf:maple~leaf potted-plant:potted~plant
fruit grapes watermelon tangerine:orange~fruit lemon banana pineapple red-apple:red~apple green-apple:green~apple pear
fruit peach cherries kiwi-fruit:kiwi tomato coconut mango
food avocado eggplant potato carrot ear-of-corn:corn hot-pepper:hot~pepper cucumber broccoli garlic onion
food bread croissant bagel pancakes cheese-wedge:cheese hamburger french-fries:french~fries pizza hot-dog:hot~dog
food sandwich taco egg popcorn sushi soft-ice-cream:ice~cream doughnut cookie birthday-cake:birthday~cake
food shortcake:cake chocolate-bar:chocolate candy lollipop
drink glass-of-milk:glass~of~milk hot-beverage:coffee wine-glass:glass~of~wine beer-mug:beer
drink tropical-drink:tropical~drink
vehicle locomotive:steam~train bus ambulance fire-engine:fire~truck police-car:police~car taxi automobile:car
vehicle delivery-truck:truck tractor racing-car:racing~car bicycle motor-scooter:scooter airplane helicopter
vehicle flying-saucer:ufo sailboat ship canoe
building house castle church tent
place volcano mountain snow-capped-mountain:snowy~mountain globe-showing-europe-africa:earth
sky sun crescent-moon:moon star cloud rainbow snowflake fire droplet:water~drop high-voltage:lightning
sky ringed-planet:planet
toy soccer-ball:soccer~ball basketball baseball tennis:tennis~ball volleyball american-football:football bowling
toy boxing-glove:boxing~glove balloon wrapped-gift:gift christmas-tree:christmas~tree jack-o-lantern:pumpkin trophy
toy crystal-ball:crystal~ball game-die:dice puzzle-piece:puzzle~piece kite yo-yo snowman
clothing t-shirt:shirt jeans dress glasses sunglasses necktie:tie socks gloves running-shoe:shoe
clothing high-heeled-shoe:high~heel handbag backpack crown graduation-cap:graduation~cap billed-cap:cap ring
clothing gem-stone:gem umbrella-with-rain-drops:umbrella
instrument bell drum violin trumpet saxophone headphone:headphones microphone radio
tool mobile-phone:phone telephone laptop television camera light-bulb:light~bulb candle flashlight
tool hammer axe wrench screwdriver magnet shield bomb gear locked:lock dagger spoon kitchen-knife:knife
tool books closed-book:red~book green-book:green~book blue-book:blue~book envelope package:box money-bag:money~bag coin
tool pencil paintbrush scissors paperclip pushpin alarm-clock:alarm~clock watch hourglass-done:hourglass telescope
tool microscope test-tube:test~tube pill syringe door chair bed broom bucket toothbrush bathtub
tool shopping-cart:shopping~cart
face skull ghost alien grinning-face:smiling~face crying-face:crying~face angry-face:angry~face
face smiling-face-with-sunglasses:cool~face clown-face:clown moai:statue
heart red-heart:red~heart blue-heart:blue~heart green-heart:green~heart yellow-heart:yellow~heart
"""

_HELD_OUT = """
bird penguin parrot
animal octopus bat raccoon jellyfish sauropod:long-necked~dinosaur
insect lady-beetle:ladybug
vehicle rocket sled
toy robot teddy-bear:teddy~bear
plant mushroom cactus
fruit strawberry
food cupcake pretzel
drink teapot
tool key anchor artist-palette:artist~palette
clothing top-hat:top~hat
instrument guitar maracas
"""

_NO_ARTICLE = """
grapes cherries pancakes jeans glasses sunglasses socks gloves headphones books scissors maracas french~fries
broccoli corn bread cheese sushi popcorn coffee beer chocolate candy garlic lightning fire
"""
NO_ARTICLE = frozenset(noun.replace("~", " ") for noun in _NO_ARTICLE.split())
"""Nouns that take no article."""


def _read(table: str) -> tuple[Concept, ...]:
    concepts: list[Concept] = []
    for line in table.strip().splitlines():
        kind, *entries = line.split()
        for entry in entries:
            icon, _, noun = entry.partition(":")
            concepts.append(Concept(icon, (noun or icon).replace("~", " "), kind))
    return tuple(concepts)


PRETRAINING_CONCEPTS = _read(_PRETRAINING)
HELD_OUT_CONCEPTS = _read(_HELD_OUT)
"""Left out of the pretraining of VAE, text encoders and U-Net in every style: a LoRA has to learn them."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (250, 250, 250),
    "black": (22, 22, 26),
    "gray": (142, 146, 152),
    "red": (206, 48, 52),
    "orange": (244, 142, 44),
    "yellow": (250, 214, 72),
    "green": (66, 158, 82),
    "blue": (58, 112, 214),
    "light blue": (150, 206, 246),
    "purple": (134, 82, 182),
    "pink": (246, 160, 192),
    "brown": (126, 84, 56),
}


def with_article(noun: str) -> str:
    """`an owl`, `a bee`, `grapes`."""
    if noun in NO_ARTICLE:
        return noun
    return f"an {noun}" if noun[0] in "aeio" or noun == "umbrella" else f"a {noun}"
