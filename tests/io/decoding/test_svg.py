"""SVG drawings: what is drawn, what is left out, what is refused, and the bounds of the program that draws."""

from __future__ import annotations

import base64
import gzip
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from img2music.errors import PictureError
from img2music.io.decoding import decode_process, svg_sanitizer
from img2music.io.pictures import open_picture
from tests.support.picture_files import RED, SKY, encode_picture

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
FILL = '<rect width="60" height="40" fill="rgb(90,140,230)"/>'
PLAIN = f'<svg {NS} width="60" height="40">{FILL}</svg>'


def refused(content: str | bytes) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(content.encode() if isinstance(content, str) else content)
    text = str(caught.value)
    assert "\n" not in text
    assert ";" in text, "says what to do next"
    return text


def clean(content: str) -> str:
    return svg_sanitizer.sanitize_svg(content.encode())[0]


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<!-- a > b -->\n' + PLAIN).encode(),
        b"\xef\xbb\xbf\r\n" + PLAIN.encode(),
        ('\ufeff<?xml version="1.0" encoding="UTF-16"?>' + PLAIN).encode("utf-16-le"),
        ("\ufeff" + PLAIN).encode("utf-16-be"),
        gzip.compress(PLAIN.encode()),
        f'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">{PLAIN}'.encode(),
        f'<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg"> ]><svg xmlns="&ns;" viewBox="0 0 60 40">{FILL}</svg>'.encode(),
        f'<svg width="60" height="40">{FILL}</svg>'.encode(),
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg" width="60" height="40"><s:rect width="60" height="40" fill="#5a8ce6"/></s:svg>',
    ],
)
def test_drawings_by_any_beginning(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "drawing.png"
    path.write_bytes(content)
    found = open_picture(path)
    assert (found.format, found.width, found.height, found.notes) == ("SVG", 60, 40, ())
    assert found.rgb.shape == (512, 768, 3), "as large as the working copy"
    assert (found.rgb == SKY).all()


@pytest.mark.parametrize(
    ("attributes", "size", "shape"),
    [
        ('width="210mm" height="297mm"', (794, 1123), (768, 543)),
        ('width="1e9" height="1e9"', (10**9, 10**9), (768, 768)),
        ('width="1e-7" height="1e-7" viewBox="0 0 9 9"', (1, 1), (768, 768)),
        ('width="100000" height="1"', (100_000, 1), (1, 768)),
        ('viewBox="0 0 30 10"', (30, 10), (256, 768)),
        ('width="100%" height="100%" viewBox="0,0,30,10"', (30, 10), (256, 768)),
        ('width="60" viewBox="0 0 30 10"', (60, 20), (256, 768)),
        ('width="60" height="30" viewBox="0 0 30 10" preserveAspectRatio="none"', (60, 30), (384, 768)),
        ('width="2in" height="72pt"', (192, 96), (384, 768)),
        ('width="nonsense" height="1" viewBox="0 0 10 10"', (1, 1), (768, 768)),
    ],
)
def test_sizes(attributes: str, size: tuple[int, int], shape: tuple[int, int]) -> None:
    found = open_picture(f'<svg {NS} {attributes}><rect width="100%" height="100%" fill="#dc2828"/></svg>'.encode())
    assert (found.width, found.height) == size
    assert found.rgb.shape[:2] == shape
    assert (found.rgb[shape[0] // 2, shape[1] // 2] == RED).all()


def test_a_drawing_without_a_size_is_as_large_as_what_it_shows() -> None:
    found = open_picture(f'<svg {NS}><rect width="300" height="100" fill="#dc2828"/></svg>'.encode())
    assert found.rgb.shape == (256, 768, 3)
    assert (found.rgb == RED).all()


def test_text_is_drawn_with_our_font_whatever_it_asks_for() -> None:
    body = '<rect width="200" height="60" fill="white"/><text x="10" y="45" font-size="40" font-family="Some Face">Hello</text>'
    found = open_picture(f'<svg {NS} width="200" height="60">{body}</svg>'.encode())
    assert 0.05 < float((found.rgb < 128).mean()) < 0.4


def test_white_on_transparent_is_seen() -> None:
    found = open_picture(f'<svg {NS} width="60" height="40"><circle cx="30" cy="20" r="15" fill="#fff"/></svg>'.encode())
    assert found.notes == ("transparent parts laid on dark grey",)
    assert float(found.rgb.std()) > 60


def test_pictures_inside_stay_where_they_are_data() -> None:
    data = "data:image/png;base64," + base64.b64encode(encode_picture(Image.new("RGB", (4, 4), RED), "PNG")).decode()
    inner = "data:image/svg+xml;base64," + base64.b64encode(PLAIN.encode()).decode()
    for link, colour in ((data, RED), (inner, SKY)):
        for name in ("href", "xlink:href"):
            found = open_picture(
                f'<svg {NS} width="60" height="40"><image width="60" height="40" {name}="{link}"/></svg>'.encode()
            )
            assert np.abs(found.rgb[256, 384].astype(int) - colour).max() <= 1


def test_gradients_and_links_inside_the_document_stay() -> None:
    body = '<defs><linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient></defs>'
    body += '<g id="r"><rect width="60" height="20" fill="url(#g)"/></g><use href="#r" y="20" style="opacity:1;mask:url( \'#none\' )"/>'
    text = clean(f'<svg {NS} width="60" height="40">{body}</svg>')
    assert text.count("url(#g)") == 1
    assert "url( '#none' )" in text
    found = open_picture(f'<svg {NS} width="60" height="40">{body}</svg>'.encode())
    assert found.rgb[400, 5, 0] > 200
    assert found.rgb[400, -5, 2] > 200


# ---------------------------------------------------------------- what is left out


@pytest.mark.parametrize(
    "part",
    [
        '<image href="LINK"/>',
        '<image xlink:href="LINK"/>',
        '<image xmlns:x="http://www.w3.org/1999/xlink" x:href=" LINK"/>',
        '<use href="LINK#part"/>',
        '<feImage xlink:href="LINK"/>',
        '<style>@import url("LINK");</style>',
        "<style>@import 'LINK';</style>",
        '<style>@font-face { font-family: a; src: url("LINK") } rect { fill: red }</style>',
        "<style><![CDATA[ rect { filter: url(LINK) } ]]></style>",
        '<rect style="mask:url(LINK#m)"/>',
        '<rect fill="url(LINK#g)"/>',
        "<rect fill=\"URL( 'LINK' ) red\"/>",
        '<rect style="fill:u\\72l(LINK)"/>',
        '<rect style="fill:u/**/rl(LINK)"/>',
        '<style>@im\\port "LINK";</style>',
        '<text style="font-family:a;src:url(LINK)">x</text>',
        '<linearGradient href="LINK#a"/>',
        '<script href="LINK">load("LINK")</script>',
        '<foreignObject><iframe src="LINK"/></foreignObject>',
        '<image href="data:text/html,LINK"/>',
        '<g xml:base="LINK"/>',
        "<rect onload=\"load('LINK')\"/>",
        '<?xml-stylesheet href="LINK"?>',
    ],
)
@pytest.mark.parametrize(
    "link", ["/etc/hostname", "file:///etc/hostname", "http://example.org/a.png", "..\\a.png", "//example.org/a"]
)
def test_nothing_leads_out(part: str, link: str) -> None:
    text = clean(f'<svg {NS} width="60" height="40">{FILL}{part.replace("LINK", link)}</svg>')
    for place in ("hostname", "example", "a.png"):
        assert place not in text.replace("http://www.w3.org", "")


def test_drawings_inside_drawings_are_cleaned_too() -> None:
    inner = f'<svg {NS} width="6" height="4"><image href="/etc/hostname" width="6" height="4"/>{FILL}</svg>'
    for _ in range(2):
        inner = f'<svg {NS} width="60" height="40"><image href="data:image/svg+xml;base64,{base64.b64encode(inner.encode()).decode()}"/></svg>'
        text, _, left_out = svg_sanitizer.sanitize_svg(inner.encode())
        assert left_out == 1
        for _ in range(2):
            packed = text.partition("base64,")[2].partition('"')[0]
            assert "hostname" not in text
            text = base64.b64decode(packed).decode()
    deeper = inner
    for _ in range(3):
        deeper = f'<svg {NS}><image href="data:image/svg+xml;base64,{base64.b64encode(deeper.encode()).decode()}"/></svg>'
    assert svg_sanitizer.sanitize_svg(deeper.encode())[2] >= 1


def test_a_file_beside_it_is_not_drawn(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), RED).save(tmp_path / "red.png")
    link = tmp_path / "red.png"
    path = tmp_path / "drawing.svg"
    path.write_text(
        f'<svg {NS} width="60" height="40">{FILL}<image width="60" height="40" href="{link}"/><image href="red.png"/></svg>'
    )
    found = open_picture(path)
    assert (found.rgb == SKY).all()
    assert found.notes == ("what lies outside the drawing was left out (references: 2)",)


# ---------------------------------------------------------------- what is refused


def test_entities_that_grow_or_read_files() -> None:
    laughs = "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9))
    assert "made to grow" in refused(f'<!DOCTYPE svg [<!ENTITY a "lol">{laughs}]><svg {NS}><text>&j;</text></svg>')
    grown = f'<!DOCTYPE svg [<!ENTITY a "{"x" * 1900}">]><svg {NS} width="9" height="9"><text>{"&a;" * 30_000}</text></svg>'
    assert "SVG drawing" in refused(grown)
    for outside in ('SYSTEM "file:///etc/hostname"', 'PUBLIC "a" "http://example.org/a"'):
        assert "read another file" in refused(f"<!DOCTYPE svg [<!ENTITY x {outside}>]><svg {NS}><text>&x;</text></svg>")
    parameter = f'<!DOCTYPE svg [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>{PLAIN}'
    assert "read another file" in refused(parameter)


def test_nothing_to_draw() -> None:
    assert "no size" in refused(f'<svg {NS} width="0" height="9">{FILL}</svg>')
    assert "no size" in refused(f'<svg {NS} width="-4" height="9">{FILL}</svg>')
    assert "shows nothing" in refused(f'<svg {NS} width="60" height="40"/>')
    assert "no SVG drawing" in refused("<?xml version='1.0'?><rss><svg/></rss>")
    assert "a web page" in refused(f"<!DOCTYPE html><html>{PLAIN}</html>")


def test_damaged_drawings() -> None:
    for content in (PLAIN[:-9], PLAIN.replace("/>", ">"), PLAIN.replace('fill="', 'fill="<"')):
        assert "damaged" in refused(content)
    assert "save it as UTF-8" in refused('<?xml version="1.0" encoding="nonsense"?>' + PLAIN)
    assert "damaged" in refused(b"\xff\xfe" + PLAIN.encode("utf-16-le")[:41])


def test_deep_and_swollen_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "levels" in refused(f"<svg {NS}>{'<g>' * 100_000}{'</g>' * 100_000}</svg>")
    packed = gzip.compress(PLAIN[:-6].encode() + b"<!--" + b" " * 40_000_000 + b"--></svg>")
    assert "more than 30 MB" in refused(packed)
    monkeypatch.setattr(svg_sanitizer, "_MOST_ELEMENTS", 5)
    with pytest.raises(PictureError, match="more than 5 parts"):
        clean(f"<svg {NS}>{'<g/>' * 5}</svg>")


def test_uses_that_multiply() -> None:
    uses = ["<use href='#a" + str(i - 1) + "'/>" for i in range(1, 12)]
    groups = "".join(f'<g id="a{i}">{use * 10}</g>' for i, use in enumerate(uses, 1))
    text = refused(f'<svg {NS} width="90" height="90"><defs><g id="a0">{FILL}</g>{groups}</defs><use href="#a11"/></svg>')
    assert "drawing" in text or "takes more" in text


NOISE = '<filter id="f"><feTurbulence baseFrequency=".01" numOctaves="1000000"/></filter>'
ENDLESS = f'<svg {NS} width="200" height="200">{NOISE}<rect width="200" height="200" filter="url(#f)"/></svg>'


def children_seconds() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def test_time_on_the_clock_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(decode_process._CLOCK_SECONDS, "svg", 1)
    assert "takes more than" in refused(ENDLESS)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds of the system")
def test_processor_time_and_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(decode_process._PROCESSOR_SECONDS, "svg", 1)
    before = children_seconds()
    assert "takes more than" in refused(ENDLESS)
    assert children_seconds() - before < 3
    monkeypatch.setitem(decode_process._MEMORY_BYTES, "svg", 120_000_000)
    packed = base64.b64encode(encode_picture(Image.new("1", (30_000, 30_000)), "PNG")).decode()
    bomb = f'<svg {NS} width="60" height="40">{FILL}<image width="60" height="40" href="data:image/png;base64,{packed}"/></svg>'
    try:
        found = open_picture(bomb.encode())
    except PictureError as error:
        assert "takes" in str(error) or "draw" in str(error)  # noqa: PT017  refusing is as good as leaving it out
    else:
        assert (found.rgb == SKY).all()


def test_a_program_that_can_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "can't be drawn" in refused(PLAIN)
