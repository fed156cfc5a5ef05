"""The studio: questions asked on the local page, the worlds that answer them, and what the page is given of them."""
