"""Looking at web pages: ``access`` is the way to servers, ``page`` asks for a page and reads its links."""
