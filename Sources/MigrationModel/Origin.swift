// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The marker of an image at a target as a copy of ours: two UUIDs, without URL or name, in the
/// property `tranship_origin`.
///
/// Tranship finds copies by the marker when the journal is lost. The marker alone gives no right
/// to delete anything: every user who may write properties can forge it.
public struct Origin: Codable, Hashable, Sendable {
    /// The property that contains the marker at the target.
    public static let propertyName = "tranship_origin"

    /// The id that all versions of one image share.
    public var lineageID: String
    /// The id of this version in this project of the target.
    public var versionID: String

    public init(lineageID: String, versionID: String) {
        self.lineageID = lineageID
        self.versionID = versionID
    }

    /// Returns the hint for a target that does not keep the marker.
    ///
    /// - Parameter cure: the action that its operator should take: "keep that property".
    public static func withoutMarker(_ cure: String) -> String {
        "nothing is copied without our marker \(propertyName): a later run could not tell the "
            + "copy from another image, and would copy it again or leave half of it behind; ask "
            + "the target's operator to \(cure)"
    }

    public var propertyValue: String { "\(lineageID)/\(versionID)" }

    /// Reads the marker of an image; nil if the text does not have the form of ``propertyValue``.
    public init?(propertyValue: String) {
        let parts = propertyValue.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(lineageID: String(parts[0]), versionID: String(parts[1]))
    }
}
