"""`dreiklang demo`: a channel made by seed, run through to published pages, with three people who can log in."""

from __future__ import annotations

import secrets
from datetime import date

from rich.console import Console
from rich.panel import Panel

from commands.demo_campaigns import launch_demo_campaign, settle_demo_campaign
from commands.demo_rewards import seed_own_rewards, seed_rewards
from commands.loyalty import activate_programme
from commands.people import party_id_of
from commands.running import run_deliveries
from core.clock import SystemClock, random_id
from core.scope import Role
from core.settings import Settings
from core.store import migrate, open_store
from ingestion.demo import DemoManifest, generate_demo, generate_load
from ingestion.profiles import load_profile
from loyalty import Programme, active_programmes
from pipeline import Delivery, Pipeline
from portal import NewUser, create_user, list_users, set_password_by_operator

DEMO_PROGRAMMES = ("demo", "nordwind")
"""The manufacturer's, and one of the distributor's own, which only it and its retailers see."""

PASSWORD_BYTES = 12
"""96 random bits: sixteen characters to type."""


def make_demo(settings: Settings, console: Console, *, seed: int, end_date: date) -> None:
    """Generate, load, award, publish; then make or renew the three demo accounts and print how to log in."""
    with console.status("Making the demo channel") as status:
        manifest = generate_demo(
            settings.inbox_dir,
            seed=seed,
            end_date=end_date,
            progress=lambda step: status.update(f"Making the demo channel: {step}"),
        )
    programme, own = (activate_programme(settings, name) for name in DEMO_PROGRAMMES)
    _run(settings, console, manifest)
    _make_campaigns(settings, console, manifest, programme, end_date)
    people = _make_people(settings, manifest)
    _show_rewards(settings, manifest, programme, own)
    console.print(Panel(_log_in_text(settings, people), title="Dreiklang demo", expand=False), highlight=False)


def make_load(settings: Settings, console: Console, *, seed: int, end_date: date, lines: int) -> None:
    """Write load data below the inbox and say how to load it."""
    with console.status("Writing load data") as status:
        manifest = generate_load(
            settings.inbox_dir, lines=lines, seed=seed, end_date=end_date,
            progress=lambda done: status.update(f"Writing load data: {done:,} of {lines:,} lines"),
        )  # fmt: skip
    source = manifest.sources[0]
    console.print(f"{lines:,} lines below {source.folder}. Load them with:", highlight=False)
    console.print(f"  dreiklang run --profile {source.profile_path} --source {source.folder}", highlight=False, soft_wrap=True)


def _run(settings: Settings, console: Console, manifest: DemoManifest) -> None:
    deliveries = [Delivery(load_profile(source.profile_path), source.folder) for source in manifest.sources]
    pipeline = Pipeline(settings, SystemClock(), random_id, active_programmes(settings.root))
    run_deliveries(pipeline, deliveries, console, data_docs=True)


def _make_campaigns(settings: Settings, console: Console, manifest: DemoManifest, programme: Programme, end_date: date) -> None:
    """Campaigns need to know who buys, so they come after the first run; another one gives their points."""
    manufacturer = party_id_of(settings, Role.MANUFACTURER, manifest.manufacturer_ref)
    distributor = party_id_of(settings, Role.DISTRIBUTOR, manifest.distributor_ref)
    retailer = party_id_of(settings, Role.RETAILER, manifest.retailer_ref)
    with console.status("Making the demo's campaigns"):
        is_new = launch_demo_campaign(settings, programme, manufacturer, distributor, end_date)
    if is_new:
        run_deliveries(
            Pipeline(settings, SystemClock(), random_id, active_programmes(settings.root)), [], console, data_docs=False
        )
        settle_demo_campaign(settings, programme, manufacturer, end_date, retailer)


def _show_rewards(settings: Settings, manifest: DemoManifest, programme: Programme, own: Programme) -> None:
    store = open_store(settings.resolved_store_url())
    seed_rewards(settings, store, programme, manifest.distributor_ref, manifest.retailer_ref, SystemClock())
    distributor, retailer = (
        party_id_of(settings, role, ref)
        for role, ref in ((Role.DISTRIBUTOR, manifest.distributor_ref), (Role.RETAILER, manifest.retailer_ref))
    )
    seed_own_rewards(store, own.owned_by(distributor), distributor, retailer, SystemClock())
    store.dispose()


def _make_people(settings: Settings, manifest: DemoManifest) -> list[tuple[str, str, str]]:
    """(who, e-mail, password) of a person in each tier. Passwords are random and printed once."""
    store = open_store(settings.resolved_store_url())
    migrate(store)
    known = {user.email for user in list_users(store)}
    people = []
    for role, ref, email, name in (
        (Role.MANUFACTURER, manifest.manufacturer_ref, "marketing@alpenglut.example", "Mara Berger"),
        (Role.DISTRIBUTOR, manifest.distributor_ref, "kanal@nordwind.example", "Nils Petersen"),
        (Role.RETAILER, manifest.retailer_ref, "laden@haendler.example", "Rike Lund"),
    ):
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        if email in known:
            set_password_by_operator(store, email, password, SystemClock())
        else:
            new = NewUser(email, name, role, party_id_of(settings, role, ref), password, "de")
            create_user(store, new, SystemClock(), random_id)
        people.append((str(role), email, password))
    store.dispose()
    return people


def _log_in_text(settings: Settings, people: list[tuple[str, str, str]]) -> str:
    lines = [f"{role:<13} {email:<30} {password}" for role, email, password in people]
    return "\n".join(
        [
            f"Open http://localhost:{settings.port} and log in as",
            "",
            *lines,
            "",
            "These passwords are shown once; `dreiklang demo` makes new ones.",
        ]
    )
