// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import OpenStackImage
import PipelineFiles
import Testing

@testable import TranshipKit

@Suite struct CopyOrderTests {
    private static let clouds = ["alpha", "beta", "team/one"]

    private static func order(
        _ source: String, _ target: String = "beta", _ names: [String] = [],
        _ change: (inout CopyOrder.Options) -> Void = { _ in }, folder: String = "/nowhere"
    ) throws(TranshipError) -> CopyOrder {
        var options = CopyOrder.Options()
        change(&options)
        return try CopyOrder(
            source: source, target: target, names: names, options: options, clouds: clouds,
            folder: folder)
    }

    private static func refusal(
        _ source: String, _ target: String = "beta", _ names: [String] = [],
        _ change: (inout CopyOrder.Options) -> Void = { _ in }, folder: String = "/nowhere"
    ) -> TranshipError? {
        do {
            _ = try order(source, target, names, change, folder: folder)
            return nil
        } catch {
            return error
        }
    }

    private static func pipeline(_ order: CopyOrder) throws -> Pipeline {
        try Pipeline.parse(
            text: order.pipeline(writtenBy: "tranship copy"), file: "copy", environment: [:])
    }

    /// Makes a folder with these empty files.
    private static func folder(_ names: String...) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("copy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in names {
            try Data().write(to: folder.appendingPathComponent(name))
        }
        return folder.path
    }

    @Test func `A cloud and a region of it are read, and a cloud with a slash in its name`() throws
    {
        #expect(
            try Self.order("alpha/RegionTwo").source
                == .cloud(.init(name: "alpha", region: "RegionTwo")))
        #expect(
            try Self.order("team/one").source == .cloud(.init(name: "team/one", region: nil)))
        let target = try Self.pipeline(Self.order("alpha", "beta/RegionOne")).targets[0]
        guard case .cloud(let rules) = target else {
            Issue.record("no cloud")
            return
        }
        #expect(rules.cloud.region == "RegionOne")
    }

    @Test func `A path is an archive, as the target and as the source if it is one`() throws {
        let id = "5ffa62d7-c08d-4678-a9f4-7c8b267be350"
        for word in ["./export/", "./export", "export/", "/nowhere/export", "./a:b/export"] {
            let order = try Self.order("alpha", word)
            guard case .archive(let target) = try Self.pipeline(order).targets[0] else {
                Issue.record("no archive: \(word)")
                return
            }
            let paths = ["/nowhere/export", "/nowhere/export/", "/nowhere/a:b/export"]
            #expect(paths.contains(target.path), "\(word)")
            #expect(order.pipelineName.hasPrefix("copy-alpha-export-"))
        }
        #expect(Self.refusal("alpha", "export")?.code == .unknownCloud)

        let folder = try Self.folder("tranship-archive.json")
        let sources = try Self.pipeline(
            Self.order(folder, "beta", [id, "debian*"]) { $0.tags = ["prod"] }
        ).sources
        #expect(sources.count == 2)
        for source in sources {
            guard case .archive(let archive) = source else {
                Issue.record("no archive")
                return
            }
            #expect(archive.path == folder)
        }
        let renamed = try Self.pipeline(Self.order(folder, "beta") { $0.imageName = "{name} 2" })
        #expect(renamed.targets[0].position.line > 0)
        #expect(
            Self.refusal(folder, "beta") { $0.diskFormat = "raw" }?.message.contains(
                "--disk-format is for files and addresses") == true)
    }

    @Test func `Ids, names and globs select what they should`() throws {
        let id = "5ffa62d7-c08d-4678-a9f4-7c8b267be350"
        let order = try Self.order("alpha", "beta", ["ubuntu-*", id, "it's \"$HOME\" {x}"])
        let found = try Self.pipeline(order).sources.map { source in
            guard case .cloud(let cloud) = source else { return ImageSelection() }
            return cloud.selection
        }
        try #require(found.count == 3)
        #expect(found[0].ids == [id])
        #expect(found[0].owner == .any)
        #expect(found[0].hidden == .any)
        #expect(found[1].names.map(\.pattern) == ["it's \"$HOME\" {x}"])
        #expect(found[1].snapshots == .include)
        #expect(found[1].owner == .selfProject)
        #expect(found[2].names.map(\.pattern) == ["ubuntu-*"])
        #expect(found[2].snapshots == .exclude)
    }

    @Test func `Conditions hold for names and for all images`() throws {
        for names in [[], ["a*"]] {
            let order = try Self.order("alpha", "beta", names) {
                $0.tags = ["prod"]
                $0.properties = ["os_distro": "debian"]
                $0.owner = "any"
            }
            guard case .cloud(let cloud) = try Self.pipeline(order).sources[0] else {
                Issue.record("no cloud")
                return
            }
            #expect(cloud.selection.tags == ["prod"])
            #expect(cloud.selection.properties == ["os_distro": "debian"])
            #expect(cloud.selection.owner == .any)
        }
    }

    @Test func `An address has its checksum, name and format, and is unpacked if it is compressed`()
        throws
    {
        let checksum = try Checksum(.sha256, String(repeating: "0a", count: 32))
        let order = try Self.order("https://mirror.example/noble.img.xz") {
            $0.checksum = checksum
            $0.imageName = "Ubuntu 24.04"
            $0.diskFormat = "qcow2"
        }
        guard case .url(let url) = try Self.pipeline(order).sources[0] else {
            Issue.record("no address")
            return
        }
        #expect(url.checksum == checksum)
        #expect(url.decompress == .auto)
        #expect(url.image.diskFormat == "qcow2")
        #expect("\(url.image.name)".contains("Ubuntu 24.04"))
    }

    @Test func `A folder gives its images, and names pick files with and without extension`() throws
    {
        let folder = try Self.folder(
            "a.qcow2", "b [1].raw", "c.img.xz", "README", "SHA256SUMS", ".d.raw")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func found(_ names: [String]) throws -> [String] {
            try Self.pipeline(Self.order(folder, "beta", names)).sources.flatMap { source in
                guard case .file(let file) = source else { return [String]() }
                return try file.paths(baseDirectory: "/").map { FileName($0).text }
            }
        }
        #expect(try found([]) == ["a.qcow2", "b [1].raw", "c.img.xz"])
        #expect(try found(["a", "b*"]) == ["a.qcow2", "b [1].raw"])
        #expect(try found(["README"]) == ["README"])
        let refusal = Self.refusal(folder, "beta", ["aa"])
        #expect(refusal?.message == "the folder \(folder) has no file \"aa\"")
        #expect(
            refusal?.hint == "did you mean a? there are a.qcow2, b [1].raw, c.img.xz")
    }

    @Test func `A file whose name is not UTF-8 is refused by name, if it would be copied`() throws {
        let folder = try Self.folder("a.raw")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var path: [UInt8] = Array("\(folder)/b".utf8)
        path.append(0xE8)
        path.append(contentsOf: Array(".raw".utf8))
        path.append(0)
        let name: [CChar] = path.map { CChar(bitPattern: $0) }
        let descriptor = open(name, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        for names in [[], ["b*"]] {
            let refusal = Self.refusal(folder, "beta", names)
            #expect(
                refusal?.message
                    == "the folder \(folder) has 1 file with a name that is not UTF-8: b\u{FFFD}.raw"
            )
            #expect(refusal?.hint?.hasPrefix("rename it, or name the other files") == true)
        }
        #expect(Self.refusal(folder, "beta", ["a*"]) == nil)
    }

    @Test func `A file and a glob keep their characters`() throws {
        let folder = try Self.folder("a [x] $y.raw", "b.raw")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (word, count) in [("a [x] $y.raw", 1), ("*.raw", 2)] {
            let order = try Self.order(word, folder: folder)
            let files = try Self.pipeline(order).sources.flatMap { source in
                guard case .file(let file) = source else { return [String]() }
                return try file.paths(baseDirectory: "/")
            }
            #expect(files.count == count, "\(word)")
        }
        #expect(Self.refusal("*.iso", folder: folder)?.message == "no file matches *.iso")
    }

    @Test func `The same words have the same name, and others another`() throws {
        let first = try Self.order("alpha", "beta", ["a", "b"]).pipelineName
        #expect(first.hasPrefix("copy-alpha-beta-"))
        #expect(try Self.order("alpha", "beta", ["b", "a"]).pipelineName == first)
        var names = [first]
        names.append(try Self.order("alpha", "beta", ["a"]).pipelineName)
        names.append(try Self.order("alpha/R", "beta", ["a", "b"]).pipelineName)
        names.append(try Self.order("alpha", "beta", ["a", "b"]) { $0.tags = ["x"] }.pipelineName)
        #expect(Set(names).count == 4)
        let signed = ["s=1", "s=2"].map { "https://a.example/b.raw?\($0)" }
        #expect(try Self.order(signed[0]).pipelineName == Self.order(signed[1]).pipelineName)
    }

    @Test(
        arguments: [
            (
                "alpa", "beta", [], "\"alpa\" is neither a cloud of clouds.yaml nor a file",
                "did you mean alpha? known clouds: alpha, beta, team/one"
            ),
            (
                "alpha", "betta", [], "there is no cloud \"betta\"",
                "did you mean beta? known clouds: alpha, beta, team/one"
            ),
            (
                "alpha", "export2", [], "there is no cloud \"export2\"",
                "known clouds: alpha, beta, team/one; for an archive, write ./export2/"
            ),
            (
                "alpha", "alpha", [], "source and target are the same: alpha",
                "name another cloud, or another region of it as alpha/REGION"
            ),
            (
                "https://a.example/b.raw", "beta", ["b"],
                "an address is one image, so names select nothing",
                "--name b gives the copy that name"
            ),
            (
                "alpha", "/etc/passwd", [],
                "the target /etc/passwd is a file, and only a cloud or an archive can be a target",
                "to copy the file: tranship copy /etc/passwd alpha; to save the data of an image "
                    + "in a file: tranship image save IMAGE --cloud alpha --file FILE"
            ),
            (
                "alpha", "https://me:word@x.example/", ["a"],
                "the target is an address (https://…), and only a cloud or an archive can be a target",
                "to copy from it, write it first: tranship copy ADDRESS alpha; for an archive, "
                    + "write the path of a folder"
            ),
            (
                "alpha", "s3://bucket/export/", [],
                "the target is an address (s3://…), and only a cloud or an archive can be a target",
                "known clouds: alpha, beta, team/one; for an archive, write the path of a folder"
            ),
            (
                "alpha", "file:///srv/export/", [],
                "the target is an address (file://…), and only a cloud or an archive can be a target",
                "write the path: /srv/export/"
            ),
            (
                "alpha", "backup:/srv/export/", [],
                "the target backup:/srv/export/ begins like an address, and only a cloud or an "
                    + "archive can be a target",
                "known clouds: alpha, beta, team/one; for a folder of that name, write ./ in front "
                    + "of it"
            ),
        ] as [(String, String, [String], String, String)])
    func `A mistake is explained`(
        source: String, target: String, names: [String], message: String, hint: String
    ) {
        let refusal = Self.refusal(source, target, names)
        #expect(refusal?.message == message)
        #expect(refusal?.hint == hint)
    }

    @Test(
        arguments: [
            ("alpha/noble", "beta", [], "tranship copy alpha beta noble"),
            ("alpha", "beta/noble", ["x y"], "tranship copy alpha beta noble 'x y'"),
        ] as [(String, String, [String], String)])
    func `A region that no cloud has may be an image`(
        source: String, target: String, names: [String], command: String
    ) throws {
        let order = try Self.order(source, target, names)
        let cloud = source == "alpha" ? "beta" : "alpha"
        func lacking(_ region: String) -> TranshipError {
            TranshipError(
                .noImageService, "no region", hint: "use a region that has one: R",
                cause: UnknownRegion(cloud: cloud, region: region))
        }
        let unknown = lacking("noble")
        #expect(
            order.explained(unknown).hint
                == "if noble is an image, it comes behind the clouds: \(command); "
                + "use a region that has one: R")
        #expect(order.explained(lacking("R")).hint == "use a region that has one: R")
    }

    @Test func `Options that do not fit are refused`() throws {
        let checksum = try Checksum(.sha256, String(repeating: "0a", count: 32))
        #expect(
            Self.refusal("alpha", "beta", []) { $0.checksum = checksum }?.message
                == "--checksum is for files and addresses; the record of each image says that itself"
        )
        #expect(
            Self.refusal("alpha", "beta", []) {
                $0.diskFormat = "raw"
                $0.checksumFile = "SUMS"
            }?.hint == "leave --checksum-file and --disk-format out")
        #expect(
            Self.refusal("https://a.example/b.raw") { $0.tags = ["x"] }?.message
                == "--tag selects images of a cloud, and the source is none")
        #expect(
            Self.refusal("alpha", "beta", ["a*"]) { $0.imageName = "b" }?.hint
                == "name one image, or use placeholders: --name \"{name} copy\"")
        #expect(Self.refusal("alpha", "beta", ["a"]) { $0.imageName = "b" } == nil)
    }

    @Test(arguments: [
        ("<source>", "alpha/RegionTwo", "beta"), ("<target>", "alpha", "beta/RegionOne"),
    ])
    func `A mistake names the argument, and no line of a file`(
        argument: String, source: String, target: String
    ) throws {
        let text = try Self.order(source, target).pipeline(writtenBy: "tranship copy")
        let broken = text.replacing("region: ", with: "regoin: ")
        let error = #expect(throws: TranshipError.self) {
            try Pipeline.parse(text: broken, file: "copy", environment: [:])
        }
        #expect(error?.message.hasPrefix("\(argument): unknown key `regoin`") == true)
    }

    @Test func `A mistake names the option or the image that it is in`() throws {
        let file = try Self.folder("a.raw")
        defer { try? FileManager.default.removeItem(atPath: file) }
        var orders: [(String, CopyOrder)] = []
        orders.append(("--name", try Self.order("\(file)/a.raw") { $0.imageName = "" }))
        orders.append(("--disk-format", try Self.order("\(file)/a.raw") { $0.diskFormat = "" }))
        orders.append(("--owner", try Self.order("alpha") { $0.owner = "" }))
        orders.append(("--tag", try Self.order("alpha") { $0.tags = [""] }))
        orders.append(("<image>", try Self.order("alpha", "beta", [""])))
        for (argument, order) in orders {
            let error = #expect(throws: TranshipError.self) { _ = try Self.pipeline(order) }
            #expect(error?.message.hasPrefix("\(argument): ") == true, "\(error?.message ?? "")")
        }
        let both = try Self.order("\(file)/a.raw") {
            $0.imageName = ""
            $0.diskFormat = ""
        }
        let error = #expect(throws: TranshipError.self) { _ = try Self.pipeline(both) }
        #expect(error?.message.hasPrefix("the command has ") == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            (
                "a [x]*", "a [x]*", .glob(escaped: #"a \[x\]\*"#),
                "the image \"a [x]*\" of cloud \"alpha\" is not selected: as a glob, its name does "
                    + "not match it",
                "write a backslash before each character that a glob gives a meaning: "
                    + #"'a \[x\]\*'"#
            ),
            (
                "a*", "a1",
                .leftOut(key: "tags", reason: "it has no tag \"t\"", status: .active),
                "no image of cloud \"alpha\" that matches \"a*\" is selected; of the first one: it "
                    + "has no tag \"t\"",
                "compare the images with the conditions: `tranship image list --cloud alpha --long`"
            ),
            (
                #"a\[1\]"#, "a[1]",
                .leftOut(key: "tags", reason: "it has no tag \"t\"", status: .active),
                "the image \"a[1]\" of cloud \"alpha\" is not selected: it has no tag \"t\"",
                "compare it with the conditions: `tranship image show --cloud alpha 'a[1]'`"
            ),
            (
                "a1", "a1", .leftOut(key: "status", reason: "it is killed", status: .killed),
                "the image \"a1\" of cloud \"alpha\" is not selected: it is killed",
                "upload it again at the source: a killed image never becomes active"
            ),
            (
                "a*", "a1",
                .leftOut(key: "owner", reason: "its owner is p", status: .active),
                "cloud \"alpha\" has no image \"a*\" of this project",
                "did you mean \"a1\"? there are a1; `tranship image list --cloud alpha` lists all"
            ),
        ] as [(String, String, MissedSelection.Cause, String, String)])
    func `What leaves an image out is said, also of a glob`(
        name: String, nearest: String, cause: MissedSelection.Cause, message: String, hint: String
    ) async throws {
        var missed = MissedSelection(
            place: "<image>", cloud: "alpha", name: name, nearest: nearest, examples: [nearest],
            listedImages: 1)
        missed.cause = cause
        // No cloud can be asked without clouds.yaml.
        let none = ["OS_CLIENT_CONFIG_FILE": "/nowhere/clouds.yaml"]
        let refusal = try await Self.order("alpha", "beta", [name]).refusal(
            [missed], environment: none)
        #expect(refusal.code == .noImageSelected)
        #expect(refusal.message == message)
        #expect(refusal.hint == hint)
    }

    @Test func `An archive says what it has in place of an image`() async throws {
        let folder = try Self.folder("tranship-archive.json")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let order = try Self.order(folder, "beta", ["debain"])
        let missed = MissedSelection(
            place: "<image>", kind: .archive, cloud: folder, name: "debain", nearest: "debian",
            examples: ["debian"], listedImages: 1)
        let refusal = await order.refusal([missed], environment: [:])
        #expect(refusal.message == "archive \(folder) has no image \"debain\"")
        #expect(refusal.hint == "did you mean \"debian\"? there are debian")
    }

    /// A command with a mistake writes no file.
    @Test func `The way out for an address with a password does not save a file of it`() throws {
        let order = try Self.order("https://me:word@a.example/b.raw")
        let error = #expect(throws: TranshipError.self) { _ = try Self.pipeline(order) }
        let hint = CopyOrder.hint(error?.hint ?? "")
        #expect(hint.hasPrefix("leave them out of the address, and add --dry-run --save FILE"))
        #expect(!hint.contains("A copy has no option"), "\(hint)")
        let text = try Self.order("https://a.example/b.raw").pipeline(writtenBy: "tranship copy")
        let edited = text.replacing("b.raw\"\n", with: "b.raw\"\n    auth: netrc\n")
        #expect(edited != text)
        _ = try Pipeline.parse(text: edited, file: "b.yaml", environment: [:])
    }

    /// The commands `cp a b` and `cp a c` leave two files.
    @Test func `A name makes a variant of images with records`() throws {
        let folder = try Self.folder("tranship-archive.json")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in [nil, "two", "{name} $two"] {
            for source in ["alpha", folder] {
                let order = try Self.order(source, "beta", ["a"]) { $0.imageName = name }
                let variants = try Self.pipeline(order).sources.map { source -> String? in
                    switch source {
                    case .cloud(let cloud): cloud.variant
                    case .archive(let archive): archive.variant
                    default: "no records"
                    }
                }
                #expect(variants == [name])
            }
        }
    }

    @Test func `Only a saved query is for its owner alone`() throws {
        let folder = try Self.folder("a1.raw")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let sources = [
            ("https://a.example/b.raw?key=s", true), ("https://a.example/b.raw", false),
            ("\(folder)/a?.raw", false),
        ]
        for (index, (source, isSecret)) in sources.enumerated() {
            let path = "\(folder)/\(index).yaml"
            let text = try Self.order(source).pipeline(writtenBy: "tranship copy '\(source)'")
            #expect(text.contains("?") == (index != 1))
            try SavedPipeline(text: text, path: path).write()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect((mode as? Int).map { $0 & 0o044 == 0 } == isSecret, "\(source)")
        }
        let listed = try Self.order("https://a.example/b.raw") {
            $0.checksumFile = "https://a.example/SUMS?key=s"
        }.pipeline(writtenBy: "tranship copy")
        try SavedPipeline(text: listed, path: "\(folder)/list.yaml").write()
        let mode = try FileManager.default.attributesOfItem(
            atPath: "\(folder)/list.yaml")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func `A saved pipeline never replaces another file, and may be there already`() throws {
        let folder = try Self.folder("other.yaml")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = try Self.order("alpha").pipeline(writtenBy: "tranship copy alpha beta")
        let path = "\(folder)/new.yaml"
        try SavedPipeline(text: text, path: path).write()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        let again = try Self.order("alpha").pipeline(writtenBy: "tranship copy --save x")
        try SavedPipeline(text: again, path: path).write()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(throws: TranshipError.self) {
            try SavedPipeline(text: text, path: "\(folder)/other.yaml")
        }
        #expect(throws: TranshipError.self) {
            try SavedPipeline(text: text, path: "\(folder)/nowhere/new.yaml")
        }
    }
}
