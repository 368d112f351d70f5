"""A profile's cluster as a page: the drawing, and its lines as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.presentation.pages import render

if TYPE_CHECKING:
    from cdp_assets.identity.cluster import Cluster


def cluster_page(cluster: Cluster) -> str:
    """The page as HTML text."""
    from cdp_assets.identity.cluster_picture import picture_bytes

    svg = picture_bytes(cluster, "svg").decode()
    points = {point.key: point for point in cluster.points}
    return render("cluster.html.j2", cluster=cluster, points=points, svg=svg[svg.index("<svg") :])
