"""Measurements. They print figures and never fail a build; see docs/performance.md."""
