"""One folder a service. A service never imports another: what they know of each other is `shared.contracts`."""
