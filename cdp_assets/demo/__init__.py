"""The demo company: made-up people, what its systems would export about them, and the truth to score against.

The company is invented: Linden & Lark sells coffee, tea and things for the home, in a web shop and in stores.
"""
