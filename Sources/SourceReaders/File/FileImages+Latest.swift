// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// `latest`: the file of a folder with the highest version. The names are those of the folder, and the
/// list of checksums has to have the one that is chosen.
extension FileImages {
    func newest(
        _ pattern: VersionPattern, _ listing: Listing
    ) async throws(TranshipError) -> ListedImage {
        let folder = source.folder(baseDirectory: baseDirectory)
        var listed: ListedImage
        var read: PublishedList.Read?
        do throws(TranshipError) {
            let (path, version) = try newest(pattern, in: folder)
            let promise = try await promise(version)
            read = try? promise.list?.read.get()
            listed = image(path, listing.date, promise, version: version)
        } catch {
            if error.code == .interrupted { throw error }
            listed = self.listed(
                folder + pattern.text, nil, checksum: nil, listing.date, refusal: error)
        }
        listed.image.placeTemplate =
            FileSource.key(folder + pattern.filled(with: SourceImage.versionMark))
        listed.upstream = UpstreamRules(
            allowsDowngrade: source.allowsDowngrade, staleAfterSeconds: source.staleAfterSeconds,
            keyring: source.signature?.keyring, keyringDigest: read?.keyring,
            signers: read?.signers ?? [])
        return listed
    }

    /// The path of the file, and its version.
    private func newest(
        _ pattern: VersionPattern, in folder: String
    ) throws(TranshipError) -> (path: String, version: String) {
        let (inner, own, rest) = pattern.parts
        let place = folder + inner
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: place)
        } catch {
            throw TranshipError(
                .sourceUnavailable,
                "\(source.position): cannot list \(place): \(error.systemWords)",
                hint:
                    "set `file` to the folder of `latest`; a relative one starts at the folder of "
                    + "the pipeline file, \(baseDirectory)")
        }
        // Its own end of the path has to be there: a folder may still be filled.
        let whole = names.filter { name in
            guard let version = own.version(in: name), !rest.isEmpty else { return true }
            return FileManager.default.fileExists(
                atPath: place + name + VersionPattern.fill(rest, with: version))
        }
        let newest = try URLImage.newest(
            own, among: whole.sorted(), at: place,
            emptyHint: "copy the files there, or correct `file`")
        let name = newest.name ?? ""
        return (
            place + name + VersionPattern.fill(rest, with: newest.version), newest.version
        )
    }

    /// What `{stem}` means in the words of the series; nil without `latest`.
    var stemOfVersions: String? {
        source.latest.map {
            source.decompress.name(FileName($0.filled(with: "{version}"))).stem
        }
    }
}
