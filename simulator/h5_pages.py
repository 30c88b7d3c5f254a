"""Write the few pages of the pretended check; they work without JavaScript and on a phone."""

from html import escape

from fastapi.responses import HTMLResponse

STYLE = """
body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 26rem; padding: 2rem 1rem;
  color: #1c2430; background: #f4f6f9 }
h1 { font-size: 1.5rem }
form { margin: .75rem 0 }
button { font: inherit; width: 100%; padding: .9rem; border: 1px solid #8a94a6;
  border-radius: .6rem; background: #fff; cursor: pointer }
button[value=pass] { background: #1a7f4b; border-color: #1a7f4b; color: #fff }
.note { color: #5a6475; font-size: .95rem }
"""
BUTTONS = {
    "pass": "Pass the check",
    "fail": "Fail the check",
    "wrong_person": "Pass as somebody else",
    "leave": "Leave",
}
WAIT_S = 1


def choice_page(h5_code: str) -> HTMLResponse:
    """Return the page that stands where the camera would be."""
    forms = "".join(
        f'<form method="post" action="/h5/{escape(h5_code)}">'
        f'<button name="outcome" value="{value}">{label}</button></form>'
        for value, label in BUTTONS.items()
    )
    note = '<p class="note">This page is a stand-in. No camera is used and nobody is checked.</p>'
    return _page("Show that it is you", "Choose how the face check ends.", more=forms + note)


def dead_page() -> HTMLResponse:
    """Return the page of a link that is used up, expired or unknown."""
    text = "It could be used once, for a short time. Go back and ask for a new one."
    return _page("This link no longer works", text, status=410)


def ended_page(heading: str, text: str) -> HTMLResponse:
    """Return a last page, from which nothing leads back."""
    return _page(heading, text)


def waiting_page(return_path: str | None = None) -> HTMLResponse:
    """Return a page that asks again by itself, at `return_path` or where it was asked."""
    target = "" if return_path is None else f"; url={escape(return_path)}"
    refresh = f'<meta http-equiv="refresh" content="{WAIT_S}{target}">'
    return _page("One moment", "We are finishing the check.", head=refresh)


def _page(
    heading: str, text: str, *, more: str = "", head: str = "", status: int = 200
) -> HTMLResponse:
    content = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{heading}</h1><p>{text}</p>{more}</main></body></html>"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(content, status_code=status, headers=headers)
