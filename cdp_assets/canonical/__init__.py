"""The schemas of the canonical tables. Known by every stage; knows none of them."""
