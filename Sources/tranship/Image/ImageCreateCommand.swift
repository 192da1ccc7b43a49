// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage
import TranshipKit

struct ImageCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an image, with or without data.",
        discussion: """
              $ tranship image create "Ubuntu 24.04" --file ubuntu-24.04.img
              $ tranship image create new --disk-format raw
              $ tranship image create --uri https://example.org/debian-12.qcow2
              $ zcat disk.gz | tranship image create disk --disk-format raw --file -
              $ tranship image create both --file disk.raw --import --all-stores

            Without --file and --uri the image has no data yet (`queued`); standard input is
            not read. A name that is taken is refused, unless that image has the same data
            and fields: then the command shows it. A failure leaves no image behind. The
            default disk format is the one that the extension or the data shows, else the
            cloud's.
            """)

    @Argument(help: "The name. Default: the file name without its extension.")
    var name: String?

    @Option(help: .value("uuid", "An id of your choice. The cloud must never have used it."))
    var id: String?

    @Flag(help: "Create another image if the name is taken.")
    var allowDuplicates = false

    @OptionGroup(title: "Record") var fields: ImageFieldOptions
    @OptionGroup(title: "Data") var data: NewDataOptions
    @OptionGroup(title: "Waiting for imports") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var image = fields.newImage(name: name)
        image.id = id
        let newData = try data.newData()
        var options = try data.options()
        options.allowsDuplicates = allowDuplicates
        options.waiting = data.noWait ? nil : waiting.pace
        let service = try cloud.service()
        try await fields.refuseUnknownFormats(at: service)
        if image.diskFormat == nil {
            image.diskFormat = try data.shownDiskFormat(
                otherwise: service.session.configuration.imageDefaults.diskFormat)
        }
        let progress = DataProgress(name ?? newData?.stem ?? "", sizeBytes: newData?.sizeBytes)
        let created = try await progress.during { [image, options] in
            try await service.createImage(
                image, from: newData, options, onProgress: progress.report)
        }
        if !created.isNew {
            try refuseDifferences(from: created.image)
            Terminal.tell("the cloud has this image already; nothing was sent")
        }
        created.image.put(cloud.format)
    }

    /// Throws if the image in the cloud differs from the one that this command would create.
    private func refuseDifferences(from image: Image) throws(TranshipError) {
        var (words, areChangeable) = fields.differences(from: image)
        if let id, id.lowercased() != image.id {
            words.insert("its id is \(image.id), not \(id)", at: 0)
            areChangeable = false
        }
        guard !words.isEmpty else { return }
        let change = (["tranship image set", image.id] + fields.words + cloud.words)
            .map { $0.hasPrefix("tranship ") ? $0 : $0.shellQuoted }.joined(separator: " ")
        throw TranshipError(
            .targetConflict,
            "the cloud has an image of this name and data already, \(image.id), but "
                + words.joined(separator: ", ") + "; nothing was sent or changed",
            hint: areChangeable
                ? "change it: \(change)"
                : "delete or rename that image, or create another one with --allow-duplicates")
    }
}

/// The origin of a new image's data, and its destination.
struct NewDataOptions: ParsableArguments {
    @Option(
        help: "A file, a URL that this machine reads, or - for standard input.", completion: .file()
    )
    var file: DataArgument?

    @Option(help: .value("url", "A URL that the service fetches (web-download)."))
    var uri: String?

    @OptionGroup var promises: PromiseOptions

    @Flag(name: .customLong("import"), help: "Stage the data and import it.")
    var isImport = false

    @OptionGroup var stores: StoresOptions

    @Flag(help: "Skip the comparison with the checksum of the service.")
    var unverified = false

    @Flag(help: "Do not wait until the import ends.")
    var noWait = false

    /// Returns the data; nil for a record without data.
    func newData() throws(TranshipError) -> NewImageData? {
        switch (file, uri) {
        case (nil, nil): return nil
        case (let file?, nil): return .sent(try file.source(sizeBytes: promises.size?.bytes))
        case (nil, let uri?): return .fetched(.webDownload(uri: Secret(uri)))
        default: throw TranshipError(.usage, "--file and --uri exclude each other")
        }
    }

    /// Returns the disk format that the extension or the data shows; nil if there is no data to
    /// look at.
    ///
    /// - Parameter otherwise: the format that the cloud assumes without one.
    func shownDiskFormat(otherwise: String) throws(TranshipError) -> String? {
        if let uri { return DiskFormatGuess(url: uri).format }
        guard let place = file?.argument, place != "-" else { return nil }
        if file?.isURL == true { return DiskFormatGuess(url: place).format }
        let guess = DiskFormatGuess(file: place)
        guard guess.format == nil, guess.isExcluded(otherwise) else { return guess.format }
        throw TranshipError(
            .usage, "neither the extension nor the data of \(place) shows its disk format",
            hint: "name it, such as --disk-format raw")
    }

    func options() throws(TranshipError) -> CreateOptions {
        CreateOptions(
            expected: promises.expected, way: isImport ? .stagedImport : .automatic,
            stores: try stores.choice(), allStoresMustSucceed: stores.allMustSucceed,
            validates: !unverified)
    }
}

extension ImageFieldOptions {
    /// Compares the options for a new image with an image that the cloud already has.
    ///
    /// - Returns: each difference, in words for people, and whether `tranship image set` can change
    ///   them all: formats are fixed once an image has data.
    func differences(from image: Image) -> (words: [String], areChangeable: Bool) {
        let wanted = applied(to: image)
        var words: [String] = []
        func compare<Value: Equatable>(_ name: String, _ has: Value, _ asked: Value) {
            if has != asked { words.append("\(name) is \(has), not \(asked)") }
        }
        compare("disk_format", image.diskFormat ?? "unset", wanted.diskFormat ?? "unset")
        compare(
            "container_format", image.containerFormat ?? "unset", wanted.containerFormat ?? "unset")
        let areChangeable = words.isEmpty
        compare("visibility", image.visibility.rawValue, wanted.visibility.rawValue)
        compare("protected", image.isProtected, wanted.isProtected)
        compare("hidden", image.isHidden, wanted.isHidden)
        compare("min_disk", image.minDiskGiB, wanted.minDiskGiB)
        compare("min_ram", image.minRAMMiB, wanted.minRAMMiB)
        compare("owner", image.ownerID ?? "unset", wanted.ownerID ?? "unset")
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
            compare("property \(key)", image.properties[key]?.cell ?? "unset", value.cell)
        }
        let missing = tag.filter { !image.tags.contains($0) }
        if !missing.isEmpty { words.append("it has no tag \(missing.joined(separator: ", "))") }
        return (words, areChangeable)
    }

    /// These options in the form that `tranship image set` takes.
    var words: [String] {
        var words = [visibility?.rawValue, protection?.rawValue, hiding?.rawValue]
            .compactMap(\.self).map { "--\($0)" }
        if let minDisk { words += ["--min-disk", "\(minDisk)"] }
        if let minRam { words += ["--min-ram", "\(minRam)"] }
        if let owner { words += ["--owner", owner] }
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
            words += ["--property", "\(key)=\(value.cell)"]
        }
        for tag in tag { words += ["--tag", tag] }
        return words
    }
}
