"""Running the house: on one machine, in containers, and the demonstration."""
