"""A quarter of a year of a company in seconds: how well work is given away, by our policy and by others'.

`make simulate ARGS="--seeds 2 --days 14"`, or `python -m deploy.simulate --help`. The rates in company.toml are
assumptions until a company's own record (GET /v1/specialists/{id}/record) replaces them; what is compared is the same
company under different policies.
"""
