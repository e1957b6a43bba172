"""The demo channel: a seeded manufacturer of coffee with its distributors and retailers, and the files they would really send."""

from ingestion.demo.generate import DemoManifest, DemoSource, generate_demo
from ingestion.demo.load import generate_load

__all__ = ["DemoManifest", "DemoSource", "generate_demo", "generate_load"]
