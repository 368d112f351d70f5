"""The stage's models judged on any file of transactions (`cdp attributes backtest`)."""
