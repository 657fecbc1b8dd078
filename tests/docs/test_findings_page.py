"""docs/findings.md says what the list of findings says, in its order."""

import re
from pathlib import Path

from steelyard.inspection import FINDINGS

PAGE = (Path(__file__).parents[2] / "docs" / "findings.md").read_text()
ENTRY = re.compile(r"^## (SY\d{3}) (.+)\n\n\*(\w+)\*\. (.+)\n\nWhat to do: (.+)$", re.MULTILINE)


def test_page_and_list_agree_word_for_word():
    on_page = [(code, title, severity, advice) for code, title, severity, _, advice
               in ENTRY.findall(PAGE)]  # fmt: skip
    assert on_page == [(f.code, f.title, f.severity, f.advice) for f in FINDINGS]
    assert PAGE.count("\n## ") == len(FINDINGS)


def test_codes_are_given_once():
    codes = [finding.code for finding in FINDINGS]
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes)
