// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
import Basics
import Foundation
public import OpenStackImage

struct ImageUploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload the data of an image that has none yet.",
        discussion: """
              $ tranship image upload "Ubuntu 24.04" ubuntu-24.04.img
              $ tranship image upload new disk.raw --checksum sha256:5f…
              $ tranship image download golden - --cloud alpha |
                  tranship image upload new - --cloud beta --size 20MiB

            Compares the checksum that the service reports with the data. If standard input
            is a pipe, only --size or --checksum show whether it broke.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: "A file, a URL, or - for standard input.", completion: .file())
    var file: DataArgument

    @OptionGroup(title: "The data") var promises: PromiseOptions

    @Option(help: "The store for the data.")
    var store: String?

    @Flag(help: "Skip the comparison with the checksum of the service.")
    var unverified = false

    @Flag(
        help: ArgumentHelp(
            "Record md5 and sha256 in properties of the image.",
            discussion: "As openstacksdk does: its create_image then recognises the data."))
    var recordChecksums = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let source = try file.source(sizeBytes: promises.size?.bytes)
        let (service, image) = try await cloud.find(image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: source.sizeBytes)
        let data = DataPromises(
            expected: promises.expected, computing: recordChecksums ? [.md5, .sha256] : [])
        try await progress.during { [self] in
            let sent = try await service.upload(
                image.id, from: source, data, store: store, validates: !unverified,
                onProgress: progress.report)
            if recordChecksums { try await service.recordChecksums(of: sent, in: image) }
        }
        try await service.image(image.id).put(cloud.format)
    }
}

struct ImageStageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Send the data of an image to the staging area, for an import.",
        discussion: """
              $ tranship image stage new disk.qcow2
              $ tranship image import new --wait
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: "A file, a URL, or - for standard input.", completion: .file())
    var file: DataArgument

    @OptionGroup(title: "The data") var promises: PromiseOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let source = try file.source(sizeBytes: promises.size?.bytes)
        let (service, image) = try await cloud.find(image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: source.sizeBytes)
        try await progress.during { [self] in
            try await service.stage(
                image.id, from: source, DataPromises(expected: promises.expected),
                onProgress: progress.report)
        }
    }
}

struct ImageDownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download the data of an image to a file or a pipe, and prove it.",
        discussion: """
              $ tranship image download "Ubuntu 24.04" ubuntu-24.04.img
              $ tranship image save "Ubuntu 24.04" --file ubuntu-24.04.img
              $ tranship image download golden - | qemu-img info /dev/stdin
              $ tranship image download golden head.bin --range 0-511

            The data must have the checksum that the service reports. Until that is certain,
            a file does not get its name, and a pipe does not get its last bytes. A file
            that is there already is replaced only with --force. Without a file, the data
            goes to standard output unless that is a terminal.
            """,
        aliases: ["save"])

    @OptionGroup var image: ImageArgument

    @Argument(help: "A new file, or - for standard output.", completion: .file())
    var file: String?

    @Option(
        name: .customLong("file"),
        help: .value("file", "The same, as the openstack client spells it."), completion: .file())
    var namedFile: String?

    @Flag(help: "Replace a file that is there already.")
    var force = false

    @Option(
        help: .value(
            "first-last", "Only a part, which cannot be proved: 0-511, 512-, or -512 for the end."))
    var range: SpanArgument?

    @Option(
        help: "required, none, or possible: accept images for which the cloud reports no checksum.")
    var proof: DownloadOptions.Proof = .required

    @Option(
        help: .value(
            "store", "A store to read from, best first; repeatable.",
            discussion: "For clouds with several stores, since 2026.2."))
    var storePreference: [String] = []

    @Option(help: .value("size", "The size of a piece."))
    var chunkSize = ByteSize(bytes: 1 << 20)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func validate() throws {
        let isNowhere = file == nil && namedFile == nil && Terminal.outputIsTerminal
        if isNowhere || (file != nil && namedFile != nil) {
            throw ValidationError("Name one file, or - for standard output.")
        }
    }

    func run() async throws {
        let file = file ?? namedFile ?? "-"
        try Terminal.refuseData(to: file)
        if !force { try NewFile.check(file) }
        let (service, image) = try await cloud.find(image)
        let options = DownloadOptions(
            range: range?.span, preferredStores: storePreference,
            bufferBytes: Int(clamping: chunkSize.bytes), proof: proof)
        let progress = DataProgress(
            image.name ?? image.id, sizeBytes: range == nil ? image.sizeBytes : nil)
        try await progress.during {
            if file == "-" {
                try await service.download(
                    image.id, toDescriptor: STDOUT_FILENO, named: "standard output", options,
                    onProgress: progress.report)
            } else {
                try await service.download(
                    image.id, toFile: file, options, onProgress: progress.report)
            }
        }
    }
}

extension DownloadOptions.Proof: ExpressibleByArgument {}

/// A file that a command writes.
enum NewFile {
    /// Refuses an existing file. Existing devices and pipes are fine.
    ///
    /// - Parameter path: the file; `-` is standard output.
    static func check(_ path: String) throws(TranshipError) {
        var status = stat()
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return
        }
        throw TranshipError(
            .usage, "\(path) is there already",
            hint: "name another file, or replace it with --force")
    }
}

/// An argument such as `0-511`, `512-` or `-512`.
struct SpanArgument: ExpressibleByArgument {
    let span: ByteSpan

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (Int64(ends[0]), Int64(ends[1])) {
        case (let first?, let last?) where 0 <= first && first <= last: span = .bytes(first...last)
        case (let first?, nil) where ends[1].isEmpty: span = .from(first)
        case (nil, let count?) where ends[0].isEmpty: span = .last(count)
        default: return nil
        }
    }
}
