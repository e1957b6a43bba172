"""The log-in page: plain HTML, no script, one form."""

from __future__ import annotations

from html import escape

from dashboards.texts import Language, text

STYLE = """
:root{color-scheme:light dark;--ink:#17212b;--soft:#52606d;--card:#fff;--line:#c9d2da;--brand:#00568a;--bg:#eef2f5}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#aab7c4;--card:#1a232d;--line:#3a4856;--brand:#56b4e9;--bg:#10161d}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;padding:16px}main{width:100%;max-width:400px;background:var(--card);border:1px solid var(--line);
border-radius:14px;padding:32px}h1{margin:12px 0 4px;font-size:1.5rem}p{margin:0 0 20px;color:var(--soft)}
label{display:block;font-weight:600;margin:16px 0 6px}input{width:100%;padding:12px;border:1px solid var(--line);border-radius:8px;
background:transparent;color:inherit;font:inherit}input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid #e69f00;
outline-offset:2px}button{width:100%;margin-top:24px;padding:12px;border:0;border-radius:8px;background:var(--brand);color:#fff;
font:inherit;font-weight:600;cursor:pointer}@media(prefers-color-scheme:dark){button{color:#10161d}}
.alert{border-left:4px solid #d55e00;padding:10px 12px;margin:0 0 4px;background:color-mix(in srgb,#d55e00 12%,transparent);color:inherit}
nav{margin-top:20px;font-size:.9rem;color:var(--soft)}a{color:var(--brand)}
"""
MARK = (
    '<svg width="40" height="40" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#00568a"/>'
    '<circle cx="9" cy="21" r="4" fill="#fff"/><circle cx="16" cy="11" r="4" fill="#e69f00"/><circle cx="23" cy="21" r="4" fill="#fff"/></svg>'
)


def log_in_page(language: Language, *, alert_key: str | None = None, email: str = "") -> str:
    """The page as HTML. `alert_key` names the text of what went wrong; `email` is put back into its field, escaped."""
    alert = f'<p class="alert" role="alert">{escape(text(language, alert_key))}</p>' if alert_key else ""
    other: Language = "en" if language == "de" else "de"
    return f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(text(language, "login.title"))} · Dreiklang</title><link rel="icon" href="/favicon.svg"><style>{STYLE}</style></head>
<body><main>{MARK}<h1>Dreiklang</h1><p>{escape(text(language, "login.lead"))}</p>{alert}
<form method="post" action="/login"><input type="hidden" name="language" value="{language}">
<label for="email">{escape(text(language, "login.email"))}</label>
<input id="email" name="email" type="email" autocomplete="username" required autofocus value="{escape(email, quote=True)}">
<label for="password">{escape(text(language, "login.password"))}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">{escape(text(language, "login.submit"))}</button></form>
<nav><a href="/login?language={other}" lang="{other}">{escape(text(other, "login.this_language"))}</a></nav></main></body></html>"""
