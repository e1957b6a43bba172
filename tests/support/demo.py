"""The demo channel as a test instance."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commands.demo_rewards import seed_rewards
from commands.loyalty import activate_programme
from core.clock import Clock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.store import open_store
from core.warehouse.reader import Reader, Serving
from ingestion.demo import DemoManifest, generate_demo
from ingestion.profiles import load_profile
from loyalty import load_programme
from pipeline import Delivery, Pipeline, Reporting, RunResult


@dataclass(slots=True)
class DemoInstance:
    """A published demo: settings, what was expected, the first run, and readers."""

    settings: Settings
    manifest: DemoManifest
    pipeline: Pipeline
    first_run: RunResult
    serving: Serving

    def reader(self, scope: Scope) -> Reader:
        """A reader for that scope."""
        return self.serving.reader(scope)

    def operator(self) -> Reader:
        """A reader that sees everything."""
        return self.reader(Scope.of(Role.OPERATOR))

    def party_id(self, ref: str) -> int:
        """The internal id of a party by the master's number."""
        return int(str(self.operator().rows("select party_id from dim_party where party_ref = $ref", {"ref": ref})[0][0]))

    def deliveries(self) -> list[Delivery]:
        """Every partner's delivery."""
        return [Delivery(load_profile(source.profile_path), source.folder) for source in self.manifest.sources]

    def close(self) -> None:
        """Close what is open."""
        self.serving.close()


def build_demo(home: Path, *, end_date: date, clock: Clock) -> DemoInstance:
    """Generate, load, award and publish."""
    settings = Settings(home=home)
    manifest = generate_demo(settings.inbox_dir, seed=7, end_date=end_date)
    pipeline = Pipeline(settings, clock, random_id, [load_programme("demo")])
    deliveries = [Delivery(load_profile(source.profile_path), source.folder) for source in manifest.sources]
    run = pipeline.run(deliveries, Reporting(step=lambda _: None), data_docs=True)
    return DemoInstance(settings, manifest, pipeline, run, Serving(settings.warehouse_dir))


def copy_for_people(instance: DemoInstance, home: Path, clock: Clock) -> DemoInstance:
    """A copy that people may act on: what is published and the store, with what `dreiklang demo` shows of rewards."""
    (home / "warehouse").mkdir(parents=True)
    for path in (*instance.settings.warehouse_dir.glob("serve-*.duckdb"), instance.settings.warehouse_dir / "CURRENT"):
        shutil.copyfile(path, home / "warehouse" / path.name)
    shutil.copytree(instance.settings.root / "store", home / "store")
    settings = Settings(home=home)
    _show_rewards(settings, instance.manifest, clock)
    return DemoInstance(settings, instance.manifest, instance.pipeline, instance.first_run, Serving(settings.warehouse_dir))


def _show_rewards(settings: Settings, manifest: DemoManifest, clock: Clock) -> None:
    """The programmes where the pages look for them, and the demo's rewards. The distributor's own has earned nobody anything yet."""
    programme = activate_programme(settings, "demo")
    activate_programme(settings, "nordwind")
    store = open_store(settings.resolved_store_url())
    seed_rewards(settings, store, programme, manifest.distributor_ref, manifest.retailer_ref, clock)
    store.dispose()
