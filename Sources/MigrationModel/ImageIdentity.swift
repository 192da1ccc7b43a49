// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Digests

/// The ids of copies. They are derived, so that every run and every machine that knows the same
/// source gets the same id.
///
/// UUID version 5 (RFC 9562, section 5.5) over lineage, target project, source,
/// fingerprint and generation. The generation grows when an id is burned: the
/// Image service never gives out a deleted image's id again.
public enum ImageIdentity {
    /// The namespace of all ids that are derived here. Never change it: Tranship finds the copies
    /// of all its earlier releases by these ids.
    private static let namespace = "8b5d1ad5-7c1f-4c56-9d35-6a2b7a0f4e11"

    /// Returns the marker of a copy in a project of the target.
    public static func origin(of source: SourceImage, project: String) -> Origin {
        Origin(
            lineageID: lineageID(source.lineage),
            versionID: DerivedID.uuid(
                namespace: namespace, name: words("version", source, project)))
    }

    /// Returns the first part of the marker.
    ///
    /// - Parameter lineage: as in ``SourceImage/lineage``.
    public static func lineageID(_ lineage: String) -> String {
        DerivedID.uuid(namespace: namespace, name: "lineage\n\(lineage)")
    }

    /// Returns the id of the copy's record: the source image's own id if that must be kept, or
    /// should be kept and this is generation 0; otherwise a derived id.
    ///
    /// - Precondition: the generation is not negative.
    public static func imageID(
        of source: SourceImage, project: String, generation: Int,
        keptID: PlannedRecord.KeptID? = nil
    ) -> String {
        precondition(generation >= 0, "generations start at 0")
        if let id = source.imageID, keptID == .required || keptID == .preferred && generation == 0 {
            return id
        }
        return DerivedID.uuid(
            namespace: namespace, name: words("image", source, project) + "\n\(generation)")
    }

    /// True if an id has the form that ``DerivedID/uuid(namespace:name:)`` makes. Image and compute
    /// services choose random ids, which have another form.
    public static func mayBeDerived(_ id: String) -> Bool { DerivedID.isOfItsKind(id) }

    /// Returns a short word for this version of a source image, the same at every target: 8
    /// hexadecimal digits. People name a version with it. Tranship finds nothing by it alone.
    public static func versionWord(of source: SourceImage) -> String {
        let name =
            "version of a series\n\(source.lineage)\n\(source.identityKey)\n\(source.fingerprint)"
        return String(DerivedID.uuid(namespace: namespace, name: name).prefix(8))
    }

    private static func words(_ kind: String, _ source: SourceImage, _ project: String) -> String {
        // The key has its kind and the source's own id, but not the cloud's name, which differs
        // from one clouds.yaml to the next.
        "\(kind)\n\(source.lineage)\n\(project)\n\(source.identityKey)\n\(source.fingerprint)"
    }
}

extension SourceImage {
    /// The ``key`` without its alias.
    public var keyWithoutAlias: String { String(key.dropLast(alias?.count ?? 0)) }

    /// The key that ids derive from. It stays the same if the source moves and its data does not
    /// change.
    public var identityKey: String { firstKey ?? keyWithoutAlias }
}
