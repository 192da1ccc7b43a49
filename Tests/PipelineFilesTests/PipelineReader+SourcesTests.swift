// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

@Suite("Sources")
struct PipelineReaderSourcesTests {
    private static let kinds = "`cloud`, `url`, `simplestreams`, `file`, `archive`"

    private static func url(_ url: String) -> String {
        PipelineTexts.with(source: "  - url: \(url)\n    image: { disk_format: raw }")
    }

    private static let badFiles = [
        BadFile(
            "of no kind", PipelineTexts.with(source: "  - name: x"),
            "p.yaml:4:5: a source needs one of \(kinds)"),
        BadFile(
            "of a mistyped kind", PipelineTexts.with(source: "  - region: a\n    clowd: x"),
            "p.yaml:5:5: unknown key `clowd` in a cloud source\nhint: did you mean `cloud`?"),
        BadFile(
            "of two kinds", PipelineTexts.with(source: "  - cloud: x\n    url: y"),
            "p.yaml:5:5: a source has only one of \(kinds), but this one has `cloud` and `url`\n"
                + "hint: start a new entry with a dash"),
        BadFile(
            "that is a word", PipelineTexts.with(source: "  - alpha"),
            "p.yaml:4:5: a source must be a mapping with one of \(kinds)"),
        BadFile(
            "that excludes everything", PipelineTexts.with(source: "  - cloud: a\n    exclude: {}"),
            "p.yaml:5:14: `exclude` has no condition, so it would exclude every image"),
        BadFile(
            "whose limit lets nothing through",
            PipelineTexts.with(source: "  - cloud: a\n    limits: { images: 0 }"),
            "p.yaml:5:23: `images` is \"0\", not a whole number from 1 to 1000"),
        BadFile(
            "with a limit that only a pipeline has",
            PipelineTexts.with(source: "  - cloud: a\n    limits: { bandwidth: 1MiB/s }"),
            "p.yaml:5:15: unknown key `bandwidth` in the `limits` of a source\n"
                + "hint: known keys: images"),
        BadFile(
            "with a store that cannot be",
            PipelineTexts.with(source: "  - cloud: a\n    prefer_stores: \"fast,slow\""),
            "p.yaml:5:20: `prefer_stores` has \"fast,slow\", and no store has a comma in its name\n"
                + "hint: write a list, such as [fast, slow]"),
        BadFile(
            "that selects no size",
            PipelineTexts.with(
                source: "  - cloud: a\n    images: { size: { min: 2MiB, max: 1MiB } }"),
            "p.yaml:5:21: `size` has a `min` above its `max`, so no image can match"),
        BadFile(
            "with a password", url("https://joe:hunter2@mirror.example/a.iso"),
            """
            p.yaml:4:10: `url` contains a user or a password; a pipeline file must not contain secrets
            hint: leave them out of the address, and write `auth: netrc`, or `auth: env:NAME` for user:password in $NAME
            """),
        BadFile(
            "with a password out of the environment", url("https://${USER}@mirror.example/a.iso"),
            """
            p.yaml:4:10: `url` contains a user or a password; a pipeline file must not contain secrets
            hint: leave them out of the address, and write `auth: netrc`, or `auth: env:NAME` for user:password in $NAME
            """, ["USER": "joe:hunter2"]),
        BadFile(
            "of another scheme", url("ftp://mirror.example/a.iso"),
            "p.yaml:4:10: `url` has the scheme ftp; only http and https are supported"),
        BadFile(
            "that is a file's address", url("file:///srv/a.iso"),
            "p.yaml:4:10: `url` has the scheme file; only http and https are supported\n"
                + "hint: write `file:` with a path instead"),
        BadFile(
            "of a file that is an address",
            PipelineTexts.with(source: "  - file: \"http://u:SECRET@h/x?sig=S\""),
            "p.yaml:4:11: `file` is an address (http://…), and that is a `url`\n"
                + "hint: write `url:` instead of `file:`"),
        BadFile(
            "of a cloud that is an address",
            PipelineTexts.with(source: "  - cloud: https://u:SECRET@h/x"),
            "p.yaml:4:12: `cloud` is an address (https://…), and that is a `url`\n"
                + "hint: write the name of an entry of clouds.yaml; for data at an address, write "
                + "`url`"),
        BadFile(
            "of an authority that is an address",
            PipelineTexts.withURL("    cacert: https://u:SECRET@h/ca.pem"),
            "p.yaml:5:13: `cacert` is an address (https://…), and that is not supported here\n"
                + "hint: write a path; for data at an address, use a `url` source"),
        BadFile(
            "that is a path", url("./a.iso"),
            "p.yaml:4:10: `url` is not an http or https address\n"
                + "hint: for a file on this machine, write `file:` instead of `url:`"),
        BadFile(
            "without a host", url("https:///a.iso"), "p.yaml:4:10: `url` has no host"),
        BadFile(
            "with a port that is too high", url("https://a.example:99999/a.iso"),
            "p.yaml:4:10: `url` has the port 99999, which is not between 1 and 65535\n"
                + "hint: correct the port, or leave it out"),
        BadFile(
            "with a port that is a word", url("https://[::1]:http/a.iso"),
            "p.yaml:4:10: `url` has the port http, which is not between 1 and 65535\n"
                + "hint: correct the port, or leave it out"),
        BadFile(
            "with a space", url("https://mirror.example/a b.iso"),
            "p.yaml:4:10: `url` contains a space or a control character\nhint: write %20 for a space"
        ),
        BadFile(
            "without a file name", url("https://mirror.example/"),
            "p.yaml:4:5: the name uses {stem}, but the address has no file name\n"
                + "hint: name the image with `name` under `image`"),
        BadFile(
            "with a short checksum", PipelineTexts.withURL("    checksum: sha256:12"),
            """
            p.yaml:5:15: `checksum`: a sha256 checksum has 64 hexadecimal digits, but "12" has 2 characters
            hint: copy the whole value, without spaces or the file name after it
            """),
        BadFile(
            "with two promises",
            PipelineTexts.withURL(
                "    checksum: md5:\(String(repeating: "0", count: 32))\n    checksum_file: SUMS"),
            "p.yaml:6:20: `checksum` and `checksum_file` cannot be used together\nhint: keep one of them"
        ),
        BadFile(
            "with a keyring and no list",
            PipelineTexts.withURL("    signed_by: keys.gpg"),
            "p.yaml:5:16: `signed_by` is about the signature of a list of checksums, and there is "
                + "none\nhint: name the list with `checksum_file`"),
        BadFile(
            "with a signature and no keyring",
            PipelineTexts.withURL("    checksum_file: SUMS\n    signature: SUMS.sig"),
            "p.yaml:6:16: `signature` has no effect without `signed_by`\n"
                + "hint: name the file with the publisher's public key: `signed_by: keys/mirror.gpg`"
        ),
        BadFile(
            "with an unknown compression", PipelineTexts.withURL("    decompress: zip"),
            "p.yaml:5:17: `decompress` is \"zip\", but must be one of none, auto, xz, gz, bz2, zst"),
        BadFile(
            "with one checksum for many files",
            PipelineTexts.with(
                source: "  - file: \"*.iso\"\n    checksum: md5:d41d8cd98f00b204e9800998ecf8427e"),
            "p.yaml:5:15: one `checksum` cannot be right for every file that \"*.iso\" matches\n"
                + "hint: use `checksum_file`"),
        BadFile(
            "with a password in the checksum's address",
            PipelineTexts.withURL("    checksum_file: https://a:b@c.example/SUMS"),
            """
            p.yaml:5:20: `checksum_file` contains a user or a password; a pipeline file must not contain secrets
            hint: leave them out of the address, and write `auth: netrc`, or `auth: env:NAME` for user:password in $NAME
            """),
        BadFile(
            "with a password in the address of the checksum of a file",
            PipelineTexts.with(
                source: "  - file: a.iso\n    checksum_file: https://a:b@c.example/SUMS"),
            """
            p.yaml:5:20: `checksum_file` contains a user or a password; a pipeline file must not contain secrets
            hint: fetch it, and name the path of the file: a `file` source does not log in
            """),
        BadFile(
            "that ends in a slash", PipelineTexts.with(source: "  - file: images/"),
            "p.yaml:4:11: `file` is \"images/\", which ends in a slash\n"
                + "hint: name files, such as images/*.qcow2, or the newest of them with `latest`"),
        BadFile(
            "with versions and no folder",
            PipelineTexts.with(source: "  - file: images\n    latest: a-@v.raw"),
            "p.yaml:4:11: `file` has to be one folder if there is `latest`, and its path does not "
                + "end in a slash\nhint: write the folder, such as ./images/"),
        BadFile(
            "with versions in several folders",
            PipelineTexts.with(source: "  - file: \"*/\"\n    latest: a-@v.raw"),
            "p.yaml:4:11: `file` has to be one folder if there is `latest`, and \"*/\" has "
                + "wildcards\nhint: write the folder, such as ./images/"),
        BadFile(
            "with one checksum for all versions",
            PipelineTexts.with(
                source: "  - file: images/\n    latest: a-@v.raw\n"
                    + "    checksum: md5:d41d8cd98f00b204e9800998ecf8427e"),
            "p.yaml:6:15: one `checksum` cannot be right for every version that `latest` matches\n"
                + "hint: use `checksum_file`"),
        BadFile(
            "with a property that is a field",
            PipelineTexts.withURL("    image: { properties: { owner: x } }"),
            "p.yaml:5:28: `owner` is a field of every image, not a property\n"
                + "hint: write the fields that you can set beside `properties`, not inside it"),
        BadFile(
            "with a property of the service",
            PipelineTexts.withURL("    image: { properties: { os_glance_x: x } }"),
            "p.yaml:5:28: the property `os_glance_x` is reserved for the Image service"),
        BadFile(
            "with a property of ours",
            PipelineTexts.withURL("    image: { properties: { tranship_origin: x } }"),
            "p.yaml:5:28: the property `tranship_origin` is reserved for tranship"),
        BadFile(
            "with an unknown placeholder", PipelineTexts.withURL("    image: { name: \"{stme}\" }"),
            "p.yaml:5:20: `name` is \"{stme}\", but {stme} is not a placeholder here\n"
                + "hint: did you mean {stem}?"),
        BadFile(
            "with a placeholder of targets", PipelineTexts.withURL("    series: \"{id}\""),
            "p.yaml:5:13: `series` is \"{id}\", but {id} is not a placeholder here\n"
                + "hint: known placeholders: {stem} {date} {version} {checksum}; write {{ for a literal brace"
        ),
        BadFile(
            "with an open placeholder", PipelineTexts.withURL("    image: { name: \"a{stem\" }"),
            "p.yaml:5:20: `name` is \"a{stem\", but a brace is not closed\n"
                + "hint: write {{ for a literal brace"),
        BadFile(
            "with a checksum of no digits",
            PipelineTexts.withURL("    image: { name: \"{checksum:x}\" }"),
            "p.yaml:5:20: `name` is \"{checksum:x}\", but {checksum:x} needs a number of digits\n"
                + "hint: write it as {checksum:8}"),
        BadFile(
            "with digits of a date", PipelineTexts.withURL("    image: { name: \"{date:8}\" }"),
            "p.yaml:5:20: `name` is \"{date:8}\", but {date} takes nothing after a colon\n"
                + "hint: write {date}"),
        BadFile(
            "with a long name",
            PipelineTexts.withURL("    image: { name: \(String(repeating: "x", count: 256)) }"),
            "p.yaml:5:20: `name` has more than 255 characters"),
        BadFile(
            "with a format that is not a word",
            PipelineTexts.withURL("    image: { disk_format: QCOW2 }"),
            "p.yaml:5:27: `disk_format` is \"QCOW2\", which is not a format name\n"
                + "hint: did you mean qcow2? formats: aki, ami, ari, gpt, iso, ploop, qcow2, raw, "
                + "vdi, vhd, vhdx, vmdk"),
        BadFile(
            "with a mistyped container",
            PipelineTexts.withURL("    image: { container_format: baer }"),
            "p.yaml:5:32: `container_format` is \"baer\", which is not a format name\n"
                + "hint: did you mean bare? formats: aki, ami, ari, bare, compressed, docker, ova, ovf"
        ),
        BadFile(
            "with a mistyped algorithm",
            PipelineTexts.withURL("    checksum: sha255:\(String(repeating: "0", count: 64))"),
            "p.yaml:5:15: `checksum`: \"sha255\" is not a known checksum algorithm\n"
                + "hint: did you mean sha256? use one of md5, sha1, sha256, sha512"),
        BadFile(
            "with a password for `auth`", PipelineTexts.withURL("    auth: joe:hunter2"),
            "p.yaml:5:11: `auth` must be netrc or env:NAME\n"
                + "hint: write env:NAME, which reads user:password from the environment variable NAME"
        ),
        BadFile(
            "with a variable that holds no user", PipelineTexts.withURL("    auth: env:LOGIN"),
            """
            p.yaml:5:11: `auth` names the variable LOGIN, whose value has no colon
            hint: set LOGIN to user:password; for a token, write the header under `headers`
            """, ["LOGIN": "hunter2"]),
        BadFile(
            "with a variable that is not set", PipelineTexts.withURL("    auth: env:MIRROR_LOGIN"),
            """
            p.yaml:5:11: `auth` names the variable MIRROR_LOGIN, which is not set in the environment
            hint: set MIRROR_LOGIN to user:password
            """),
        BadFile(
            "with a header of no name", PipelineTexts.withURL("    headers: { \"X Y\": z }"),
            "p.yaml:5:16: `X Y` is not a valid header name"),
        BadFile(
            "with a header of two lines", PipelineTexts.withURL("    headers: { X: \"a\\nY: b\" }"),
            "p.yaml:5:16: the header `X` contains a line break or a control character"),
        BadFile(
            "with a header of our own",
            PipelineTexts.withURL("    headers: { range: \"bytes=0-1\" }"),
            "p.yaml:5:16: the header `range` is set by tranship itself"),
    ]

    @Test("are refused", arguments: Self.badFiles)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text, file.environment))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test("of clouds have a region, an interface and a project")
    func cloud() throws {
        let source = try cloudSource(
            PipelineTexts.with(
                source: """
                      - cloud: alpha
                        region: north
                        interface: internal
                        project: 77de
                        images: { owner: 3c1a, hidden: true }
                    """))
        #expect(source.cloud.region == "north")
        #expect(source.cloud.interface == "internal")
        #expect(source.cloud.project == "77de")
        #expect(source.selection.owner == .project("3c1a"))
        #expect(source.selection.hidden == .only(true))
        // Keys that are left out keep their defaults, one by one.
        #expect(source.selection.statuses == ["active"])
        #expect(source.selection.snapshots == .exclude)
        #expect(source.exclude == nil)
    }

    @Test("of URLs need only an extension that implies the format")
    func address() throws {
        let source = try urlSource(
            PipelineTexts.with(source: "  - url: HTTPS://[::1]:8080/a/x.vmdk?v=1"))
        #expect(source.url == "https://[::1]:8080/a/x.vmdk?v=1")
        #expect(source.stem == "x")
        #expect(source.image.name == .fileStem)
        #expect(source.image.diskFormat == "vmdk")
        #expect(source.image.containerFormat == "bare")
        #expect(source.image.minDiskGiB == 0)
        #expect(source.image.visibility == nil)
        #expect(source.checksum == nil)
        #expect(source.checksumFile == nil)
        #expect(source.auth == nil)
        #expect(source.headers == [])
    }

    @Test("of URLs take credentials from elsewhere")
    func credentials() throws {
        let text = PipelineTexts.withURL(
            """
                auth: env:LOGIN
                cacert: /etc/ca.pem
                checksum_file: https://mirror.example/SHA256SUMS
                headers: { X-One: "1", X-Two: "${TOKEN}" }
            """)
        let source = try urlSource(text, ["LOGIN": "a:b", "TOKEN": "t"])
        #expect(source.auth == .env("LOGIN"))
        #expect(source.cacert == "/etc/ca.pem")
        #expect(source.checksumFile == "https://mirror.example/SHA256SUMS")
        #expect(source.headers.map(\.name) == ["X-One", "X-Two"])
        #expect(source.headers.map(\.value.revealed) == ["1", "t"])
        #expect(try urlSource(PipelineTexts.withURL("    auth: netrc")).auth == .netrc)
    }

    @Test(
        "of files take their format from the extension where it leaves no doubt",
        arguments: [
            ("a.qcow2", "qcow2"), ("a.ISO", "iso"), ("*.vmdk", "vmdk"), ("a.vhd", "vhd"),
            ("a.vhdx", "vhdx"), ("a.vdi", "vdi"), ("b/a.raw", "raw"),
        ])
    func files(pattern: String, format: String) throws {
        let source = try fileSource(PipelineTexts.with(source: "  - file: \"\(pattern)\""))
        #expect(source.pattern == pattern)
        #expect(source.image.diskFormat == format)
        #expect(source.isGlob == pattern.contains("*"))
    }

    @Test("may have a format that only the target knows", arguments: ["parallels", "x-9"])
    func formatOfTarget(format: String) throws {
        let text = PipelineTexts.with(
            source:
                "  - file: a\n    image: { disk_format: \(format), container_format: \(format) }")
        let source = try fileSource(text)
        #expect(source.image.diskFormat == format && source.image.containerFormat == format)
    }

    @Test("leave the format to the data where the extension leaves a doubt")
    func unknownFormat() throws {
        for pattern in ["a.img", "images/*", "a"] {
            let source = try fileSource(PipelineTexts.with(source: "  - file: \"\(pattern)\""))
            #expect(source.image.diskFormat == nil)
        }
    }

    @Test("are inspected unless they say otherwise")
    func inspect() throws {
        #expect(try urlSource(PipelineTexts.withURL("    series: a")).inspects)
        #expect(try !urlSource(PipelineTexts.withURL("    inspect: false")).inspects)
        let file = PipelineTexts.with(source: "  - file: a.raw\n    inspect: false")
        #expect(try !fileSource(file).inspects)
    }

    @Test("say more of an image than its format")
    func image() throws {
        let source = try urlSource(
            PipelineTexts.withURL(
                """
                    image:
                      name: "{stem} {checksum:8}"
                      container_format: ovf
                      min_disk: 20
                      min_ram: 2048
                      tags: [a, b, a]
                      properties: { os_distro: ubuntu, empty: "" }
                      visibility: community
                      protected: true
                      hidden: false
                """))
        #expect(source.image.name.placeholders == [.stem, .checksum(digits: 8)])
        #expect(source.image.containerFormat == "ovf")
        #expect(source.image.minDiskGiB == 20)
        #expect(source.image.minRAMMiB == 2048)
        #expect(source.image.tags == ["a", "b"])
        #expect(source.image.properties == ["os_distro": "ubuntu", "empty": ""])
        #expect(source.image.visibility == .community)
        #expect(source.image.isProtected == true)
        #expect(source.image.isHidden == false)
    }

    @Test(arguments: [
        ("", []), ("prefer_stores: slow", ["slow"]),
        ("prefer_stores: [slow, fast]", ["slow", "fast"]),
    ])
    func `Stores are preferred in the order of the file`(keys: String, stores: [String]) throws {
        let pipeline = try Pipeline.parse(
            text: PipelineTexts.with(source: "  - cloud: a\n    \(keys)"), file: "p.yaml",
            environment: [:])
        guard case .cloud(let source)? = pipeline.sources.first else {
            Issue.record("another kind")
            return
        }
        #expect(source.preferredStores == stores)
        #expect(source.inProject(.init("p")).preferredStores == stores)
    }
}
