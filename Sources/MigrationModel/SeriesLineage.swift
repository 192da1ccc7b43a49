// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The ``SourceImage/lineage`` of a series. Ids of copies are derived from it, so its form never
/// changes.
public enum SeriesLineage {
    private static let beginning = "series:"

    /// Returns the lineage of the series with this name in a pipeline file.
    public static func words(_ name: String) -> String { beginning + name }

    /// Returns the name of the series; for the lineage of anything else, the lineage itself.
    public static func name(of lineage: String) -> String {
        lineage.hasPrefix(beginning) ? String(lineage.dropFirst(beginning.count)) : lineage
    }
}
