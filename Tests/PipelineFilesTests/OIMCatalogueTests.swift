// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import PipelineFiles

/// Catalogues in the format of <https://github.com/osism/openstack-image-manager>.
@Suite struct OIMCatalogueTests {
    private static let digits = String(repeating: "a", count: 64)

    private static let ubuntu = """
        ---
        images:
          - name: Ubuntu 22.04
            enable: true
            shortname: ubuntu-22.04
            format: qcow2
            login: ubuntu
            min_disk: 8
            min_ram: 512
            status: active
            visibility: public
            multi: true
            meta:
              architecture: x86_64
              hw_disk_bus: scsi
              os_distro: ubuntu
              os_version: '22.04'
              replace_frequency: quarterly
              uuid_validity: last-3
              provided_until: none
            tags: []
            latest_checksum_url: https://cloud-images.example/jammy/current/SHA256SUMS
            latest_url:
              https://cloud-images.example/jammy/current/jammy-server-cloudimg-amd64.img
            versions:
              - version: '20241002'
                url: https://cloud-images.example/jammy/20241002/jammy-server-cloudimg-amd64.img
                mirror_url: https://swift.example/20241002-ubuntu-22.04.qcow2
                checksum: sha256:\(digits)
                build_date: 2024-10-02
              - version: '9'
                url: https://cloud-images.example/jammy/9/jammy-server-cloudimg-amd64.img
                build_date: 2024-09-26
          - name: Ubuntu 14.04
            enable: false
            format: qcow2
            login: ubuntu
            multi: true
            status: active
            visibility: public
            meta: {}
            tags: []
            versions: []
        """

    private static let others = """
        images:
          - name: CirrOS
            enable: true
            format: qcow2
            login: cirros
            password: gocubsgo
            min_disk: 1
            min_ram: 32
            status: deactivated
            visibility: public
            multi: false
            separator: "-"
            meta: { os_distro: cirros, os_purpose: minimal, uuid_validity: none, hw_rng_model: null }
            tags: [tiny]
            versions:
              - { version: '0.5.2', url: 'https://cirros.example/0.5.2/disk.img', hidden: true,
                  visibility: community, checksum: '\(digits)', build_date: 2021-02-01 }
              - { version: '0.6.2', url: 'file:///srv/images/cirros.img', id: 6f1c0000-0000-4000-8000-000000000001 }
          - name: Flatcar ${HOME} {x} "quoted"
            format: qcow2
            login: core
            status: active
            visibility: public
            multi: true
            meta: { os_distro: flatcar, uuid_validity: 2030-01-01 }
            tags: []
            versions:
              - version: latest
                url: https://flatcar.example/flatcar_production_openstack_image.img.bz2
                checksums_url: https://flatcar.example/flatcar_production_openstack_image.img.bz2.DIGESTS
          - name: Zipped
            format: raw
            login: a
            multi: true
            status: active
            visibility: private
            meta: {}
            tags: []
            versions: [{ version: '1', url: 'https://a.example/a.zip' }]
          - name: Odd
            format: qcow2
            login: a
            multi: true
            status: active
            visibility: everyone
            meta: {}
            tags: []
            versions: [{ version: '1', url: 'https://a.example/a.img' }]
          - name: FTP
            format: raw
            login: a
            multi: true
            status: active
            visibility: private
            meta: {}
            tags: []
            versions: [{ version: '1', url: 'ftp://a.example/a.img' }]
        """

    private func convert(
        _ texts: String..., isPinned: Bool = false
    ) throws -> (pipeline: Pipeline, catalogue: OIMCatalogue) {
        let catalogue = try OIMCatalogue(
            texts: texts.enumerated().map { ("etc/images/\($0).yml", $1) },
            settings: .init(name: "mirror", cloud: "beta", isPinned: isPinned))
        let pipeline = try Pipeline.parse(
            text: catalogue.pipeline, file: "/etc/mirror.yaml", environment: ["HOME": "/root"])
        return (pipeline, catalogue)
    }

    private func url(_ source: Source?) throws -> PipelineFiles.URLSource {
        guard case .url(let url) = source else { throw NotAURL() }
        return url
    }

    private struct NotAURL: Error {}

    @Test func `A source follows the latest address`() throws {
        let (pipeline, catalogue) = try convert(Self.ubuntu)
        #expect(pipeline.sources.count == 1 && catalogue.sourceCount == 1)
        let source = try url(pipeline.sources.first)
        #expect(
            source.url
                == "https://cloud-images.example/jammy/current/jammy-server-cloudimg-amd64.img")
        #expect(source.checksumFile == "https://cloud-images.example/jammy/current/SHA256SUMS")
        #expect(source.checksum == nil)
        #expect(source.image.name.text == "Ubuntu 22.04")
        #expect(source.series?.text == "Ubuntu 22.04")
        #expect(source.image.diskFormat == "qcow2")
        #expect(source.image.minDiskGiB == 8 && source.image.minRAMMiB == 512)
        #expect(source.image.visibility == .public)
        #expect(source.image.tags == ["os:ubuntu"])
        #expect(source.image.properties["os_version"] == "22.04")
        #expect(source.image.properties["image_original_user"] == "ubuntu")
        #expect(source.image.properties["image_source"] == source.url)
        #expect(source.image.properties["uuid_validity"] == "last-3")
        #expect(source.image.properties["internal_version"] == nil)
        guard case .cloud(let target) = pipeline.targets.first else { throw NotAURL() }
        #expect(target.rules.keep == 2 && target.rules.previous == .rename)
        #expect(
            catalogue.remarks == [
                "0.yml:5: Ubuntu 22.04: `shortname` is left out: it names the folder of a mirror",
                "0.yml:26: Ubuntu 22.04: version 20241002 is not pinned: the source follows "
                    + "https://cloud-images.example/jammy/current/jammy-server-cloudimg-amd64.img; "
                    + "`--pinned` keeps the version",
                "0.yml:28: Ubuntu 22.04: `mirror_url` is left out; to use it, write it as `url`",
                "0.yml:31: Ubuntu 22.04: version 9 is left out: a series has its newest one",
                "0.yml:35: Ubuntu 14.04: left out, because it is not enabled",
            ])
    }

    /// Everyone who sees an image can read its properties.
    @Test(arguments: [false, true])
    func `A signature is in the address alone`(isPinned: Bool) throws {
        let text = Self.ubuntu.replacing("amd64.img", with: "amd64.img?sig=a1b2c3d4e5")
        let (pipeline, catalogue) = try convert(text, isPinned: isPinned)
        let source = try url(pipeline.sources.first)
        #expect(source.url.hasSuffix("amd64.img?sig=a1b2c3d4e5"))
        #expect(
            source.image.properties["image_source"]
                == source.url.replacing("?sig=a1b2c3d4e5", with: ""))
        #expect(!catalogue.remarks.joined().contains("a1b2c3d4e5"))
    }

    /// osism/openstack-image-manager#627
    @Test(arguments: [
        (
            #"CentOS-Stream-GenericCloud-9-HEREBE\d+\.\dDRAGONS.x86_64.qcow2"#,
            "CentOS-Stream-GenericCloud-9-@v.x86_64.qcow2"
        ),
        (
            #"CentOS-7-x86_64-GenericCloud-HEREBE\d+\.qcow2$DRAGONS"#,
            "CentOS-7-x86_64-GenericCloud-@v.qcow2"
        ),
        (#"HEREBE^disk-9-[0-9]{8}\.\d?DRAGONS.qcow2"#, "disk-9-@v.qcow2"),
        ("disk-HEREBE.*DRAGONS.raw.xz?sig=a1b2c3", "disk-@v.raw.xz"),
    ])
    func `A pattern in the latest address becomes latest`(name: String, latest: String) throws {
        let folder = "https://cloud-images.example/jammy/current/"
        let text = Self.ubuntu.replacing(
            "\(folder)jammy-server-cloudimg-amd64.img", with: folder + name)
        #expect(text != Self.ubuntu)
        let (pipeline, catalogue) = try convert(text)
        let source = try url(pipeline.sources.first)
        #expect(source.latest?.text == latest)
        #expect(source.url == folder + (name.hasSuffix("?sig=a1b2c3") ? "?sig=a1b2c3" : ""))
        #expect(source.checksumFile == "\(folder)SHA256SUMS")
        #expect(source.image.properties["image_source"] == folder)
        #expect(source.decompress == (latest.hasSuffix(".xz") ? .auto : .none))
        #expect(
            catalogue.remarks.contains {
                $0.hasSuffix(
                    "Ubuntu 22.04: the pattern of the address is `latest: \(latest)`, in which `@v` "
                        + "may be any version")
            }, "\(catalogue.remarks)")
        #expect(catalogue.remarks.contains { $0.contains("follows \(folder)\(latest);") })
        #expect(!catalogue.pipeline.contains("HEREBE"))
        #expect(!catalogue.remarks.joined().contains("a1b2c3"))
        // The listed version has an address of its own.
        #expect(try url(try convert(text, isPinned: true).pipeline.sources.first).latest == nil)
    }

    @Test(arguments: [
        #"a-HEREBE(\d+|x)DRAGONS.img"#, #"a-HEREBE\d+-generic-\d+DRAGONS.img"#,
        "a-HEREBE1DRAGONS.img",
        #"a-HEREBE\d+.img"#, #"a-DRAGONS\d+HEREBE.img"#, #"HEREBE\d+DRAGONS/a.img"#,
        #"a-HEREBE[^-]+DRAGONS.img"#, #"a-HEREBE\d+DRAGONS-HEREBE\d+DRAGONS.img"#,
    ])
    func `A pattern that latest cannot express is left out with a remark`(name: String) throws {
        let folder = "https://cloud-images.example/jammy/current/"
        let text = Self.ubuntu.replacing(
            "\(folder)jammy-server-cloudimg-amd64.img", with: folder + name)
        let catalogue = try OIMCatalogue(
            texts: [("a.yml", text), ("b.yml", Self.others)],
            settings: .init(name: "mirror", cloud: "beta", isPinned: false))
        #expect(
            catalogue.remarks.contains {
                $0.contains("Ubuntu 22.04: left out: the pattern in ")
                    && $0.hasSuffix("has no counterpart; write a source with `latest`")
            }, "\(catalogue.remarks)")
        #expect(!catalogue.pipeline.contains("Ubuntu 22.04"))
    }

    @Test func `A pinned source has the version that is listed`() throws {
        let (pipeline, _) = try convert(Self.ubuntu, isPinned: true)
        let source = try url(pipeline.sources.first)
        #expect(source.url.contains("/20241002/"))
        #expect(source.checksum == (try Checksum(.sha256, Self.digits)))
        #expect(source.image.properties["internal_version"] == "20241002")
        #expect(source.image.properties["image_build_date"] == "2024-10-02")
    }

    @Test func `Versions that are images of their own keep their names`() throws {
        let (pipeline, catalogue) = try convert(Self.others)
        let old = try url(pipeline.sources.first)
        #expect(old.image.name.text == "CirrOS-0.5.2")
        #expect(old.image.isHidden == true && old.image.visibility == .community)
        #expect(old.checksum == (try Checksum(.sha256, Self.digits)))
        #expect(old.image.properties["os_version"] == "0.5.2")
        #expect(old.image.tags == ["tiny", "os:cirros"])
        guard case .file(let new) = pipeline.sources.dropFirst().first else { throw NotAURL() }
        #expect(new.pattern == "/srv/images/cirros.img")
        #expect(new.image.properties["image_source"] == "file:cirros.img")
        let flatcar = try url(pipeline.sources.dropFirst(2).first)
        #expect(flatcar.decompress == .auto)
        #expect(flatcar.image.properties["image_name"] == "Flatcar ${HOME} {x} \"quoted\"")
        #expect(
            try flatcar.image.name.render(PlaceholderValues())
                == "Flatcar ${HOME} {x} \"quoted\"")
        #expect(pipeline.sources.count == 3)
        let words = catalogue.remarks.joined(separator: "\n")
        for part in [
            "0.yml:6: CirrOS: `password` has no counterpart",
            "0.yml:9: CirrOS: `status: deactivated` has no counterpart",
            "CirrOS-0.6.2: `id` is left out", "CirrOS-0.6.2: has no checksum",
            "`meta.hw_rng_model` is left out: it has no text",
            "`uuid_validity: 2030-01-01` is left out: all versions stay",
            "Zipped: left out: Tranship does not unpack zip",
            "FTP: left out: ftp://a.example/a.img is neither http, https nor file",
            "Odd: left out: `visibility`",
        ] {
            #expect(words.contains(part), "\(part)\n\(words)")
        }
        // One image keeps all versions, so none may be deleted.
        guard case .cloud(let target) = pipeline.targets.first else { throw NotAURL() }
        #expect(target.rules.keep == nil)
    }

    @Test func `A keep that does not hold for all images is named`() throws {
        func image(_ name: String, _ validity: String) -> String {
            """
            images:
              - { name: \(name), format: qcow2, meta: { uuid_validity: \(validity) },
                  versions: [{ version: '2', url: 'https://a.example/\(name).img' }] }
            """
        }
        let words =
            "A: `uuid_validity: last-3` is not `keep`: a rule holds for all images of a "
            + "target, and T keeps all versions"
        let (_, one) = try convert(image("A", "last-3"), image("B", "last-5"))
        #expect(!one.remarks.contains { $0.contains("uuid_validity") })
        #expect(one.pipeline.contains("keep: 4"))
        let (_, both) = try convert(image("A", "last-3"), image("T", "notice"))
        #expect(both.remarks.contains { $0.hasPrefix("0.yml:2: ") && $0.hasSuffix(words) })
        #expect(!both.pipeline.contains("keep:"))
    }

    @Test func `An image without enable is taken, as openstack-image-manager takes it`() throws {
        let text = Self.ubuntu.replacing("    enable: true\n", with: "")
        #expect(text != Self.ubuntu)
        #expect(try convert(text).catalogue.sourceCount == 1)
    }

    /// The words are not those for pipeline files, which are YAML too.
    @Test(arguments: [
        "", "images: [{ url: https://a.example/${X}/a, b: c]", "images: []\n---\nimages: []",
        "images: \u{7}", "images: [a: *b]", "images:\n\t- a",
    ])
    func `What is wrong with a file is said in the words of catalogues`(text: String) {
        do throws(TranshipError) {
            _ = try OIMCatalogue(
                texts: [("a.yml", text)], settings: .init(name: "a", cloud: "b"))
            Issue.record("not refused")
        } catch {
            let words = error.message + (error.hint ?? "")
            #expect(!words.contains("pipeline") && !words.contains("${"), "\(words)")
        }
    }

    @Test(arguments: [true, false])
    func `An address that versions of their own do not follow is named`(isPinned: Bool) throws {
        let text = Self.ubuntu.replacing("multi: true", with: "multi: false")
        let (pipeline, catalogue) = try convert(text, isPinned: isPinned)
        #expect(try pipeline.sources.allSatisfy { try !url($0).url.contains("/current/") })
        let isNamed = catalogue.remarks.contains { $0.contains("`latest_url` is not followed") }
        #expect(isNamed == !isPinned)
    }

    @Test func `Several files are one pipeline, and a name counts once`() throws {
        let (pipeline, catalogue) = try convert(Self.ubuntu, Self.ubuntu)
        #expect(pipeline.sources.count == 1)
        #expect(catalogue.remarks.contains { $0.hasPrefix("1.yml:26: Ubuntu 22.04: left out") })
        #expect(
            catalogue.pipeline.hasPrefix("# Written by `tranship import-oim` from 0.yml, 1.yml."))
    }

    @Test(arguments: [
        ("", "is empty"), ("a: 1", "it has no `images`"), ("images: 1", "is not a list"),
        ("images: []", "no image that can be carried over"), ("images: [\n", "not YAML"),
        ("images: [1, [], { name: null }]", "no image that can be carried over"),
        ("images: &a [*a]", ""),
    ])
    func `What is not a catalogue is refused`(text: String, words: String) {
        do throws(TranshipError) {
            _ = try OIMCatalogue(
                texts: [("a.yml", text)], settings: .init(name: "a", cloud: "b"))
            Issue.record("not refused")
        } catch {
            #expect(error.code == .invalidPipeline)
            #expect(words.isEmpty || error.message.contains(words), "\(error.message)")
        }
    }

    @Test func `Catalogues have limits`() {
        let image = "  - { name: a, versions: [] }\n"
        let text = "images:\n" + String(repeating: image, count: 1001)
        #expect(throws: TranshipError.self) {
            try OIMCatalogue(
                texts: [("a.yml", text)], settings: .init(name: "a", cloud: "b"))
        }
        #expect(throws: TranshipError.self) {
            try OIMCatalogue(
                files: Array(repeating: "/dev/null", count: 201),
                settings: .init(name: "a", cloud: "b"))
        }
    }

}
