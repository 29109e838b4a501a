"""Open icon sets with names and tags, fetched by npm when the icon recogniser is trained."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .._siblings import grounding
from ..errors import UserError
from .npm import unpack

# What may stand behind the weights; artwork under share-alike or copyleft licences may not.
LICENCES = frozenset({"MIT", "ISC", "Apache-2.0", "CC-BY-4.0", "CC0-1.0"})
Tags = dict[str, set[str]]


@dataclass(frozen=True)
class IconSet:
    """A package of icons: what it is called, its licence, where its drawings are, their styles.

    ``style`` matches the part of a file's name that tells its style, not what the icon shows.
    """

    name: str
    package: str
    licence: str
    folders: tuple[str, ...]
    style: str = ""
    tags: str = ""


@dataclass(frozen=True)
class Drawing:
    """An icon as its set draws it; several drawings may share a name."""

    name: str
    svg: str


def _iconify(name: str, version: str, licence: str, style: str) -> IconSet:
    return IconSet(name, f"@iconify-json/{name}@{version}", licence, (), style, "icons.json")


_ANT = tuple(f"inline-svg/{style}/" for style in ("filled", "outlined", "twotone"))
_FA = tuple(f"svgs/{style}/" for style in ("solid", "regular", "brands"))
_PHOSPHOR = ("thin", "light", "regular", "bold", "fill", "duotone")
_MATERIAL = ("filled", "outlined", "round", "sharp", "two-tone")
_SOLAR = "-(bold-duotone|line-duotone|bold|broken|linear|outline)$"
SETS = (
    IconSet(
        "tabler",
        "@tabler/icons@3.51.0",
        "MIT",
        ("icons/outline/", "icons/filled/"),
        "-filled$",
        "icons.json",
    ),
    IconSet("lucide", "lucide-static@1.62.0", "ISC", ("icons/",), tags="tags.json"),
    IconSet("bootstrap", "bootstrap-icons@1.13.2", "MIT", ("icons/",), "-fill$"),
    IconSet("feather", "feather-icons@4.29.2", "MIT", ("dist/icons/",)),
    IconSet(
        "fluent",
        "@fluentui/svg-icons@1.1.343",
        "MIT",
        ("icons/",),
        r"_(20|28)_(regular|filled)$",
    ),
    IconSet(
        "ionicons",
        "ionicons@8.1.0",
        "MIT",
        ("dist/svg/",),
        "^logo-|-(outline|sharp)$",
        "dist/ionicons.json",
    ),
    IconSet(
        "material",
        "@material-design-icons/svg@0.14.15",
        "Apache-2.0",
        tuple(f"{style}/" for style in _MATERIAL),
    ),
    IconSet(
        "mdi", "@mdi/svg@7.4.47", "Apache-2.0", ("svg/",), "(-outline|-variant)+$", "meta.json"
    ),
    IconSet(
        "phosphor",
        "@phosphor-icons/core@2.1.1",
        "MIT",
        tuple(f"assets/{style}/" for style in _PHOSPHOR),
        tags="dist/index.mjs",
    ),
    IconSet(
        "octicons",
        "@primer/octicons@19.42.0",
        "MIT",
        ("build/svg/",),
        r"(-fill)?-(12|16|24|32|48|96)$",
        "build/data.json",
    ),
    IconSet("antd", "@ant-design/icons-svg@4.6.0", "MIT", _ANT),
    IconSet("carbon", "@carbon/icons@11.89.0", "Apache-2.0", ("svg/32/",), tags="metadata.json"),
    IconSet(
        "fontawesome",
        "@fortawesome/fontawesome-free@7.3.1",
        "CC-BY-4.0",
        _FA,
        tags="metadata/icon-families.json",
    ),
    IconSet(
        "codicons", "@vscode/codicons@0.0.45", "CC-BY-4.0", ("src/icons/",), tags="_iconCloud/"
    ),
    IconSet("heroicons", "heroicons@2.2.0", "MIT", ("24/outline/", "24/solid/", "20/solid/")),
    IconSet("trumbowyg", "trumbowyg@2.31.0", "MIT", ("plugins/", "src/ui/icons/")),
    _iconify("iconoir", "1.2.11", "MIT", "-solid$"),
    _iconify("mingcute", "1.2.8", "Apache-2.0", r"(-\d+)?-(fill|line)$"),
    _iconify("majesticons", "1.2.5", "MIT", "-line$"),
    _iconify("eva", "1.2.3", "MIT", "-(outline|fill)$"),
    _iconify("jam", "1.2.3", "MIT", "-f$"),
    _iconify("uil", "1.2.3", "Apache-2.0", "-alt$"),
    _iconify("solar", "1.2.13", "CC-BY-4.0", _SOLAR),
    _iconify("basil", "1.2.4", "CC-BY-4.0", "-(outline|solid)$"),
    # Never trained on: its artwork measures what was learnt.
    IconSet(
        "boxicons",
        "boxicons@2.1.4",
        "MIT",
        ("svg/regular/", "svg/solid/", "svg/logos/"),
        "^(bxs|bxl|bx)-",
    ),
)
HELD_OUT = frozenset({"boxicons"})


def fetch(icon_set: IconSet) -> tuple[list[Drawing], Tags]:
    """Return the drawings of a set and its tags by normalised name."""
    starts = [f"package/{folder}" for folder in icon_set.folders] or ["package/icons.json"]
    wanted = [*starts, f"package/{icon_set.tags}"] if icon_set.tags else starts
    files = {
        path: content
        for path, content in unpack(icon_set.package, "package/").items()
        if path.startswith(tuple(wanted))
    }
    if not files:
        raise UserError(f"npm cannot fetch {icon_set.package}: training icons needs npm, once")
    read = _TAGS.get(icon_set.name, _no_tags)
    if not icon_set.folders:
        whole = json.loads(files["package/icons.json"])
        return list(_iconify_drawings(whole, icon_set.style)), _iconify_tags(whole, icon_set.style)
    drawings = [
        Drawing(_plain_name(path, icon_set), content.decode(errors="replace"))
        for path, content in sorted(files.items())
        if path.endswith(".svg") and path.startswith(tuple(starts)) and _is_wanted(path, icon_set)
    ]
    return drawings, _normalised(read(files), icon_set.style)


def _is_wanted(path: str, icon_set: IconSet) -> bool:
    return icon_set.name != "fluent" or re.search(icon_set.style, path[:-4]) is not None


def _plain_name(path: str, icon_set: IconSet) -> str:
    folder, _, stem = path[:-4].rpartition("/")
    if icon_set.name == "phosphor":  # its styles stand in the folder's name and at the end
        stem = stem.removesuffix("-" + folder.rpartition("/")[2])
    return strip_style(stem, icon_set.style)


def strip_style(name: str, style: str) -> str:
    """Return a file's name as words, without the part that tells its style."""
    normal: str = grounding.icons.words.normalise(re.sub(style, "", name) if style else name)
    return normal


def _normalised(tags: Tags, style: str) -> Tags:
    found: Tags = defaultdict(set)
    for name, texts in tags.items():
        normal = strip_style(name, style)
        found[normal] |= {grounding.icons.words.normalise(text) for text in texts}
        found[normal] -= {"", normal}
    return dict(found)


def _iconify_drawings(whole: dict[str, object], style: str) -> Iterator[Drawing]:
    icons = whole["icons"]
    assert isinstance(icons, dict)
    for name, icon in sorted(icons.items()):
        wide = icon.get("width", whole.get("width", 16))
        high = icon.get("height", whole.get("height", 16))
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">'
        yield Drawing(strip_style(name, style), f"{head}{icon['body']}</svg>")


def _iconify_tags(whole: dict[str, object], style: str) -> Tags:
    aliases = whole.get("aliases", {})
    assert isinstance(aliases, dict)
    tags: Tags = defaultdict(set)
    for alias, about in aliases.items():
        tags[about["parent"]].add(re.sub(style, "", alias))
    return _normalised(tags, style)


def _no_tags(files: dict[str, bytes]) -> Tags:
    return {}


def _tabler(files: dict[str, bytes]) -> Tags:
    icons = json.loads(files["package/icons.json"])
    return {name: {str(tag) for tag in icon.get("tags", [])} for name, icon in icons.items()}


def _lucide(files: dict[str, bytes]) -> Tags:
    return {name: set(tags) for name, tags in json.loads(files["package/tags.json"]).items()}


def _mdi(files: dict[str, bytes]) -> Tags:
    return {icon["name"]: set(icon["aliases"]) for icon in json.loads(files["package/meta.json"])}


def _ionicons(files: dict[str, bytes]) -> Tags:
    icons = json.loads(files["package/dist/ionicons.json"])["icons"]
    return {icon["name"]: set(icon["tags"]) - {"outline", "sharp"} for icon in icons}


def _phosphor(files: dict[str, bytes]) -> Tags:
    text = files["package/dist/index.mjs"].decode()
    entries = re.finditer(r'name: "([^"]+)",\s*pascal_name.*?tags: \[(.*?)\]', text, re.DOTALL)
    return {
        entry[1]: {tag for tag in re.findall(r'"([^"]*)"', entry[2]) if "*" not in tag}
        for entry in entries
    }


def _octicons(files: dict[str, bytes]) -> Tags:
    icons = json.loads(files["package/build/data.json"])
    return {name: set(icon.get("keywords", [])) for name, icon in icons.items()}


def _carbon(files: dict[str, bytes]) -> Tags:
    icons = json.loads(files["package/metadata.json"])["icons"]
    return {
        icon["name"]: {*icon.get("aliases", []), icon.get("friendlyName", "")} for icon in icons
    }


def _fontawesome(files: dict[str, bytes]) -> Tags:
    tags: Tags = {}
    for name, icon in json.loads(files["package/metadata/icon-families.json"]).items():
        terms = {str(term) for term in icon.get("search", {}).get("terms", [])}
        aliases = {str(alias) for alias in (icon.get("aliases") or {}).get("names", [])}
        for each in {name, *aliases}:
            tags[each] = terms | aliases | {name, icon.get("label", "")}
    return tags


def _codicons(files: dict[str, bytes]) -> Tags:
    tags: Tags = defaultdict(set)
    for kind in ("keywords", "metaphors"):
        text = files[f"package/_iconCloud/{kind}.csv"].decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text)):
            if len(row) > 1:
                tags[row[0]] |= {
                    word for cell in row[1:] for word in cell.replace(",", " ").split()
                }
    return tags


_TAGS: dict[str, Callable[[dict[str, bytes]], Tags]] = {
    "tabler": _tabler,
    "lucide": _lucide,
    "mdi": _mdi,
    "ionicons": _ionicons,
    "phosphor": _phosphor,
    "octicons": _octicons,
    "carbon": _carbon,
    "fontawesome": _fontawesome,
    "codicons": _codicons,
}
