"""What the page looks like: widths, schemes, print, no script, hostile names, keyboard."""

import re
from pathlib import Path

import pytest
from making import labels, made_run

from steelyard.report.page import to_html
from steelyard.techniques import TECHNIQUES

PROBES = Path(__file__).with_name("probes.js").read_text()
HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{ 7 * 7 }}<!--",
    "\u202egnp.exe",
    "W" * 200,
]


def probed(page, what):
    """What a probe finds on the page."""
    return page.evaluate(f"(() => {{ {PROBES}; return probes.{what}(); }})()")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_screen_and_no_text_too_small_or_faint(
    shown, binary, several, width, dark
):
    for run, _ in (binary, several):
        page = shown(to_html(run), width=width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert probed(page, "tooSmall") == []
        assert probed(page, "tooFaint") == []


def test_print_fits_the_sheet(shown, several):
    page = shown(to_html(several[0]), width=702)  # A4 less its margins, at 96 dots an inch
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 702
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert probed(page, "cut") == 0
    assert probed(page, "tooSmall") == []


def test_without_a_script_five_thresholds_are_there(shown, binary):
    page = shown(to_html(binary[0]), script=False)
    assert not page.locator("#live").is_visible()
    assert page.locator("#explorer tbody tr:visible").count() == 5


@pytest.mark.parametrize("script", [True, False])
def test_hostile_names_stay_names(shown, script):
    run, _ = made_run(
        labels(200, 60, names=(HOSTILE[0], HOSTILE[1])),
        techniques=("plain", "smote"),
        target=HOSTILE[2],
        columns=(HOSTILE[3], HOSTILE[4], HOSTILE[5]),
        path=HOSTILE[0],
        positive_name=HOSTILE[1] + HOSTILE[5],
        more={HOSTILE[1]: (HOSTILE * 34)[:200]},
    )
    run["findings"].append(
        dict.fromkeys(("code", "title", "seen", "advice"), HOSTILE[0]) | {"severity": "note"}
    )
    run["left_out"] = [HOSTILE[1]]
    for width in (390, 1280):
        page = shown(to_html(run, HOSTILE[2]), script=script, width=width)
        assert HOSTILE[2] in page.text_content("h1")
        assert HOSTILE[0] in page.text_content("#data")
        assert HOSTILE[3] in page.text_content("#drivers")
        assert HOSTILE[3] in page.text_content("#segments")
        assert page.locator("img, svg[onload], iframe").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == width if script else True


def test_keyboard_and_reader_find_names(shown, several):
    page = shown(to_html(several[0]))
    nameless = """[...document.querySelectorAll('button, input, select, [role=img]')].filter((e) =>
        !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length"""
    assert page.evaluate(nameless) == 0
    headings = page.eval_on_selector_all("h1, h2, h3", "es => es.map((e) => Number(e.tagName[1]))")
    assert headings[0] == 1
    assert all(later - before <= 1 for before, later in zip(headings, headings[1:], strict=False))
    for link in page.eval_on_selector_all("nav a", "es => es.map((e) => e.hash)"):
        assert page.locator(link).count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_the_page_of_eight_techniques_stays_small():
    chosen = ("plain", *(name for name in TECHNIQUES if name != "plain"))[:8]
    many = tuple(f"measurement_{number}" for number in range(30))
    run, _ = made_run(labels(6000, 1200), techniques=chosen, columns=many, repeats=1)
    run["segments"]["columns"] = run["segments"]["columns"][:6]
    page = to_html(run)
    assert len(page.encode()) <= 250_000
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)
