"""The rules of pay: pure functions of the facts, the policy and the months closed so far."""
