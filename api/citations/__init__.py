"""Citations: papers as BibTeX, RIS and CSL-JSON."""

from api.citations.bibtex import BIBTEX
from api.citations.csl import CSL
from api.citations.ris import RIS

__all__ = ["BIBTEX", "CSL", "RIS"]
