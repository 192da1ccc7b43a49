// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import PipelineFiles

/// A pipeline file that was written from the catalogue of another tool.
public struct ImportedPipeline: Sendable {
    /// The text of the file.
    public let text: String
    /// What could not be carried over: `ubuntu.yml:14: …`.
    public let remarks: [String]
    public let sourceCount: Int

    /// Converts catalogues of openstack-image-manager.
    ///
    /// - Parameters:
    ///   - files: paths of `etc/images/*.yml`.
    ///   - name: of the pipeline.
    ///   - cloud: the entry of `clouds.yaml` that gets the images.
    ///   - isPinned: true to take the versions that the catalogue lists instead of the latest.
    /// - Throws: ``TranshipError/Code/invalidPipeline``.
    public static func fromOIM(
        files: [String], name: String, cloud: String, isPinned: Bool
    ) throws(TranshipError) -> ImportedPipeline {
        let catalogue = try OIMCatalogue(
            files: files, settings: .init(name: name, cloud: cloud, isPinned: isPinned))
        return ImportedPipeline(
            text: catalogue.pipeline, remarks: catalogue.remarks,
            sourceCount: catalogue.sourceCount)
    }

    /// Writes the file. Replaces none. Only its owner may read one with the query of an address.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if it cannot be written.
    public func write(to path: String) throws(TranshipError) {
        try SavedPipeline(text: text, path: path, mayBeThere: false).write()
    }
}
