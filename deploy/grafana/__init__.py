"""What Grafana shows, made from Python: `python -m deploy.grafana.dashboards` writes the JSON it reads."""

import warnings

with warnings.catch_warnings():
    # The SDK would rather have its second dashboard model, which Grafana 12 does not take from files. It says so when
    # it is imported: once, here.
    warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, dashboard, stat, timeseries  # noqa: F401
