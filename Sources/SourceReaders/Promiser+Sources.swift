// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

extension Promiser {
    /// The pipeline file, or a list that the file names.
    ///
    /// - Parameters:
    ///   - list: the list's place without secrets; nil if the file contains the checksum.
    ///   - position: the position of the key.
    ///   - promise: the checksum that the list has for the image.
    init(
        _ checksum: Checksum?, list: String?, _ position: FilePosition?, _ promise: Checksum?
    ) {
        // `tranship copy` has no file: an option of the command replaces the key.
        let line = position.flatMap { $0.argument == nil ? $0 : nil }
            .map { ", \(PathText.lastComponent($0.file)):\($0.line)" }
        guard checksum == nil, let list else {
            self.init(
                "`checksum`" + (line ?? ""),
                remedy:
                    "compare the data with its publisher: if it is right, correct `checksum`; if "
                    + "not, get it again")
            return
        }
        self.init(
            "the list \(list)" + (line ?? ""),
            remedy: "the list \(list) and the data may be of different versions"
                + (promise?.algorithm == .sha512
                    ? ", or its digits of BLAKE2b, which has as many as SHA-512" : "")
                + ": compare both with their publisher, and run again when they fit")
    }

    /// The record of an image of a cloud.
    init(recordOf image: SourceImage, in cloud: CloudName) {
        let id = image.imageID ?? image.location
        let options = "--cloud \(cloud.name)" + (cloud.region.map { " --region \($0)" } ?? "")
        self.init(
            "the record of image \(id) at \(cloud.name)",
            remedy:
                "`tranship image save \(id) \(options) --file FILE` reads it once more and compares "
                + "it; if that fails as well, its data is damaged there: ask the operator of "
                + "\(cloud.name)")
    }
}

extension URLSource {
    /// Returns the party that promises the data of an image; nil without a promise.
    func promiser(of image: SourceImage) -> Promiser? {
        guard checksum != nil || checksumFile != nil else { return nil }
        return Promiser(
            checksum, list: shownList(checksumFile, image.version), promisePosition, image.promise)
    }
}

extension FileSource {
    /// Returns the party that promises the data of an image; nil without a promise.
    func promiser(of image: SourceImage) -> Promiser? {
        guard checksum != nil || checksumFile != nil else { return nil }
        return Promiser(
            checksum, list: shownList(checksumFile, image.version), promisePosition, image.promise)
    }
}

/// Returns the place of a list of checksums without secrets, with the version filled in.
private func shownList(_ place: String?, _ version: String?) -> String? {
    place.map { place in
        PublishedList.shown(version.map { VersionPattern.fill(place, with: $0) } ?? place)
    }
}
