"""The ways in, one file a provider: who is it really from, and what does it say in our words."""
