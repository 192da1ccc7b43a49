// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The ``SourceImage/lineage`` of a series. Ids of copies are derived from it, so its form never
/// changes.
public enum SeriesLineage {
    private static let beginning = "series:"

    /// The lineage of the series that a pipeline file calls so.
    public static func words(_ name: String) -> String { beginning + name }

    /// The name of the series; other lineages are their own names.
    public static func name(of lineage: String) -> String {
        lineage.hasPrefix(beginning) ? String(lineage.dropFirst(beginning.count)) : lineage
    }
}
