// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Digests

/// The ids that copies get: derived, so that every run and every machine that
/// knows the same source arrives at the same id.
///
/// UUID version 5 (RFC 9562, section 5.5) over lineage, target project, source,
/// fingerprint and generation. The generation grows when an id is burned: the
/// Image service never gives out a deleted image's id again.
public enum ImageIdentity {
    /// The namespace of everything derived here. Never to be changed: copies of
    /// all earlier versions are found by it.
    private static let namespace = "8b5d1ad5-7c1f-4c56-9d35-6a2b7a0f4e11"

    /// The marker of a copy at a target's project.
    public static func origin(of source: SourceImage, project: String) -> Origin {
        Origin(
            lineageID: lineageID(source.lineage),
            versionID: DerivedID.uuid(
                namespace: namespace, name: words("version", source, project)))
    }

    /// The first part of the marker.
    ///
    /// - Parameter lineage: as in ``SourceImage/lineage``.
    public static func lineageID(_ lineage: String) -> String {
        DerivedID.uuid(namespace: namespace, name: "lineage\n\(lineage)")
    }

    /// The id of the copy's record: the source image's own as generation 0 if
    /// it is to be kept, derived otherwise.
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

    /// False if an id is not of the kind that ``DerivedID/uuid(namespace:name:)`` makes. Image and
    /// compute services choose random ids.
    public static func mayBeDerived(_ id: String) -> Bool { DerivedID.isOfItsKind(id) }

    /// A short word for this version of a source image, the same at every target: 8 hexadecimal
    /// digits. For people, who name a version with it; Tranship finds nothing by it alone.
    public static func versionWord(of source: SourceImage) -> String {
        let name =
            "version of a series\n\(source.lineage)\n\(source.keyWithoutAlias)\n\(source.fingerprint)"
        return String(DerivedID.uuid(namespace: namespace, name: name).prefix(8))
    }

    private static func words(_ kind: String, _ source: SourceImage, _ project: String) -> String {
        // The key's kind and the source's own id; not the cloud's name, which
        // differs from one clouds.yaml to the next.
        "\(kind)\n\(source.lineage)\n\(project)\n\(source.keyWithoutAlias)\n\(source.fingerprint)"
    }
}

extension SourceImage {
    /// The ``key``, as ids are derived from it.
    public var keyWithoutAlias: String { String(key.dropLast(alias?.count ?? 0)) }
}
