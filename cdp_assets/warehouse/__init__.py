"""Where tables live and what computes them. Knows no stage; the only place that knows which engine runs."""
