"""What the page may ask for at most, and what it may not ask for; apart, so that the page is there before the model."""

MOST_RESIDENTS = 700_000  # of one run on the page; memory and the map set it
MOST_DAYS = 1_461
MOST_DRAWS = 400
LEFT_OUT = "S13"  # the channel is integrated over: none of its parameters is a slider
