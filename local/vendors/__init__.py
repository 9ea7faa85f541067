"""The three vendors, simulated over real HTTP as their documentation says they behave."""
