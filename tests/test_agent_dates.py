from __future__ import annotations

import pytest
from web import serve

from env import BrowserEnvironment
from focusagent.agent import Agent
from focusagent.agent.dates import as_asked, order_of, shows_date

PAGE = """<style>
body{font:15px sans-serif;margin:40px} label{display:block;margin:14px 0;width:260px}
input{display:block;width:100%;padding:8px 10px;border:1px solid #bbb;border-radius:5px;font:inherit}
</style><label>Guest <input id=guest></label>
<label>Arrival date <input type=date id=arrival></label>
<label>Departure date <input type=date id=departure value="2026-03-04"></label>
<label>Paid on <input id=paid placeholder="dd.mm.yyyy"></label>
<label>Reference <input id=reference value="2026-03-04"></label>"""


@pytest.mark.parametrize(
    ("shown", "order"),
    [
        ("mm/dd/yyyy", "mdy"),
        ("TT.MM.JJJJ", "dmy"),
        ("jj/mm/aaaa", "dmy"),
        ("yyyy-mm-dd", "ymd"),
        ("mm/24/2026", "mdy"),
        ("12/dd/2026", "mdy"),
        ("12/24/yyyy", None),  # which of them is the day?
        ("12/24/2026", None),
        ("Name of it", None),
        ("hello mm dd", None),
        ("", None),
    ],
)
def test_what_a_field_asks_for(shown: str, order: str | None) -> None:
    assert order_of(shown) == order
    assert shows_date(shown) is (shown == "12/24/2026")


@pytest.mark.parametrize(
    ("text", "american", "german"),
    [
        ("2026-12-24", "12/24/2026", "24.12.2026"),
        ("24.12.2026", "12/24/2026", "24.12.2026"),
        ("12/24/2026", "12/24/2026", None),  # there is no month 24
        ("24 December 2026", "12/24/2026", "24.12.2026"),
        ("Dec 24, 2026", "12/24/2026", "24.12.2026"),
        ("3/4/2026", "03/04/2026", "03.04.2026"),
        ("2026-02-30", None, None),
        ("24/12", None, None),
        ("24.12.26", None, None),  # of which century?
        ("tomorrow", None, None),
    ],
)
def test_dates_are_written_as_asked(text: str, american: str | None, german: str | None) -> None:
    assert as_asked("mm/dd/yyyy", text) == american
    assert as_asked("TT.MM.JJJJ", text) == german
    assert as_asked("Type here", text) is None


@pytest.mark.slow
@pytest.mark.browser
def test_native_fields_hints_and_plain_texts() -> None:
    with serve({"/": PAGE}) as url, BrowserEnvironment(f"{url}/") as browser:
        agent = Agent(browser)
        for said in (
            'type "2026-12-24" into Arrival date',
            'set Departure date to "3 January 2027"',
            'type "2026-12-20" into Paid on',
            'type "2026-12-19" into Reference',
        ):
            assert agent.run(said).is_successful(), said
        values = browser.evaluate("[...document.querySelectorAll('input')].map(i => i.value)")
    assert values == ["", "2026-12-24", "2027-01-03", "20.12.2026", "2026-12-19"]
