"""Rows, buttons and fields that glow under the pointer prove no click."""

from __future__ import annotations

import pytest
from web import serve

from env import BrowserEnvironment
from focusagent.agent import Agent

PAGE = """<style>
body{font:15px sans-serif;margin:30px} table{border-collapse:collapse;width:900px}
td{padding:10px 14px;border-bottom:1px solid #ccc} tr:hover{background:#d8e6ff}
button{padding:5px 12px} button:hover{background:#fd6} a{cursor:pointer}
input[type=checkbox]{width:20px;height:20px;accent-color:#0a6} td input:hover{accent-color:#055}
input:focus{outline:3px solid #48f}</style>
<p><a>Archive</a> <label>Note <input id=note></label></p>
<table><tr><td><input type=checkbox></td><td>Ada</td><td>new</td>
<td><button onclick="this.closest('tr').children[2].textContent='sent'">Send</button></td>
<td><button>Print</button></td></tr>
<tr><td><input type=checkbox></td><td>Grace</td><td>new</td>
<td><button onclick="setTimeout(()=>this.closest('tr').children[2].textContent='sent',900)">Send
</button></td><td><button>Print</button></td></tr></table>"""


@pytest.fixture(scope="module")
def url():
    with serve({"/": PAGE}) as address:
        yield f"{address}/"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("said", "proved"),
    [
        ('click Send in the row of "Ada"', True),
        ('click Send in the row of "Grace"', True),  # a moment later
        ('click Print in the row of "Ada"', False),
        ('tick the checkbox in the row of "Ada" and click Archive', False),
        ('type "x" into Note and click Print in the row of "Grace"', False),
        ('click Send in the row of "Ada" and click Print in the row of "Ada"', False),
    ],
)
def test_only_what_stays_proves_a_click(url: str, said: str, proved: bool) -> None:
    with BrowserEnvironment(url) as browser:
        run = Agent(browser).run(said)
    assert run.is_done()
    assert run.is_successful() is proved
