"""An AWS account of our own: moto's server on loopback, extended where moto leaves something out.

``server`` runs it and hooks our operations into moto's services, ``account`` holds what moto has
no place for, ``snapshot`` keeps it all across a quit. Every other file is one service, or a part of one.
"""
