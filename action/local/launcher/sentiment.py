"""Sentiment of an English text, by VADER's lexicon and rules, in Comprehend's terms.

VADER rates short texts. Like its authors advise, a longer one is rated sentence by sentence, and the ratings' mean
counts; otherwise any page of prose would be extreme, since its sum only grows.
Source: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text" (2014).
"""

import functools
import math
import re

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@functools.cache
def analyzer():
    # Reading the lexicon takes 50 ms, which only those who ask should pay.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def detect(text: str) -> dict:
    """`Sentiment` and `SentimentScore`, whose four scores sum to 1."""
    rated = [analyzer().polarity_scores(sentence) for sentence in SENTENCE_END.split(text) if sentence.strip()]
    count = max(len(rated), 1)
    positive, negative, compound = (sum(rating[key] for rating in rated) / count for key in ("pos", "neg", "compound"))
    # Both poles present and neither winning is what Comprehend calls mixed.
    mixed = min(0.95, 4 * min(positive, negative) * (1 - abs(compound)))
    certain = 1 - mixed
    # The root makes a text that leans to one side by a quarter of the scale no longer neutral.
    leaning = math.sqrt(abs(compound))
    scores = {
        "Positive": certain * leaning if compound > 0 else 0.0,
        "Negative": certain * leaning if compound < 0 else 0.0,
        "Neutral": certain * (1 - leaning),
        "Mixed": mixed,
    }
    return {"Sentiment": max(scores, key=lambda name: scores[name]).upper(), "SentimentScore": scores}
