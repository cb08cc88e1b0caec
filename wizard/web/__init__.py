"""Fetching web pages: ``access`` connects to servers, ``page`` fetches a page and finds its links."""
