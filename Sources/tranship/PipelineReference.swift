// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The text that `tranship help pipeline` prints. `make docs` writes it from
/// docs/pipeline-format.md; changes here are lost.
enum PipelineReference {
    static let text = #"""
        THE PIPELINE FILE

        YAML that says which images go where. The smallest one copies every active image
        that a project owns:

          version: 1
          name: leave-alpha
          sources:
            - cloud: alpha
          targets:
            - cloud: beta

        Below: each key, its values, and its default in brackets.

        RULES FOR EVERY VALUE
          bytes                 a number and one of B KiB MiB GiB TiB kB MB GB TB:
                                512MiB, 1.5 GB. Binary units are powers of 1024,
                                decimal ones of 1000; without a unit it is bytes. At
                                most 8192TiB
          rate                  bytes and /s: 200MiB/s
          span                  a whole number and one of s m h d: 30s, 90d
          time                  2026-01-01, 2026-01-01T12:00:00Z or with an offset,
                                2026-01-01T12:00:00+02:00; without either it is UTC
          path                  absolute, or relative to the folder of the pipeline
                                file. ~ is not expanded: write ${HOME}/…
          one or a list         name: a or name: [a, b]

        THE TOP LEVEL
          version               1 [required]; Tranship refuses other versions
          name                  letters, digits, . _ - [required]; starts with a letter
                                or digit, at most 100 characters
          sources               list [required]; at least one
          targets               list [required]; at least one
          projects              mapping, or the path of a CSV file; which project of
                                the targets gets which images
          transfer              auto, stream, spool [auto]; stream copies in one pass
                                without touching a disk
          spool                 path, or { path, max } [NAME.spool beside the journal];
                                the folder for spooled data, and its maximum size
          verify                proof, services, paranoid [proof]; proof computes what
                                the source promised while the data passes and compares
                                what the target reports
          order                 small-first, large-first, listed [small-first]; which
                                images start first
          limits                mapping
          allow_empty           true, false [false]; true if a cloud source may select
                                no image, each of its names may have none, a pattern of
                                a file source may match no file, and a source may hide
                                images of other projects
          hooks                 { on_success, on_failure }; commands after a run
          journal               { keep } [everything]; how long the journal keeps what
                                runs did, such as keep: 90d

        LIMITS
          images                auto, or 1 to 1000 [auto]; images that are read, sent
                                or fetched at once
          bandwidth             rate, or a list of windows [none]; over all transfers
                                together
          attempts              1 to 1000 [5]; tries for each transfer after temporary
                                failures
          deletes               0 to 1000000 [10]; how many published images one run
                                may delete, how many leftovers one tranship clean, and
                                how many copies one tranship rollback
          decompressed_size     bytes [1TiB]; the largest size of one image that
                                decompress unpacks
          decompressed_ratio    1 to 1000000 [1000]; how many bytes one compressed byte
                                may become

        BANDWIDTH
          limits: { bandwidth: 200MiB/s } is one rate for all hours. A list has another
          rate for parts of the day:
              limits:
                bandwidth:
                  - { from: "08:00", to: "18:00", rate: 50MiB/s }
                  - { from: "22:00", to: "06:00", rate: "off" }
                  - { rate: 200MiB/s }

        HOOKS
          hooks: { on_failure: [/usr/local/bin/notify, --failed], on_success:
          [./done.sh] } runs a command when run or resume ends: on_success after exit
          code 0, on_failure after any other. A run that a signal interrupted has no
          hook.

        MANY PROJECTS
          projects moves the images of many projects, each to its own project at the
          target:
              targets:
                - cloud: beta
              projects:
                team-a: team-a
                team-b@Default: 5f2c8c0e5d0b4a1f9a7e6d3c2b1a0987
                "*": archive
          A line has a project of the sources and a project of the targets, each by id,
          by name (in the project domain of the cloud's entry), or as NAME@DOMAIN. "*"
          stands for all other projects. The project domain is that of the entry's
          project, else that of its user (user_domain_name); an entry with neither
          takes a name that one project has. Instead of the mapping, write the path of
          a CSV file with two columns; a first line source,target, in any case, is a
          heading. Two lines for one project of the sources, such as its name and its
          id, are refused. So is an id that the cloud's Keystone does not have, except
          that of a deleted project at a source that has images of it left; if the user
          may not ask for an id, the plan warns that it is unchecked
          (projects-unchecked). With an administrator's entry, the name of a disabled
          project counts as well.

        CLOUD SOURCES
          cloud                 name [required]; an entry of clouds.yaml
          region                name [the entry's]
          interface             public, internal, admin [the entry's]; which endpoint
                                of the catalogue
          project               name or id [the entry's]; scopes the token to another
                                project
          images                conditions [see below]; which images
          exclude               conditions [none]; leaves out images that match all of
                                these
          variant               text [none]; makes copies of their own: an image that
                                was copied without it, or with another text, by this or
                                any other pipeline, is copied once more
          prefer_stores         a store, or a list [the cloud decides]; the stores to
                                read image data from, best first
          limits                { images } [the pipeline's]; images read at once from
                                here, 1 to 1000

        IMAGES AND EXCLUDE OF A CLOUD SOURCE
          name                  globs, one or a list [any]; one matches
          id                    ids, one or a list [any]; one is equal
          owner                 self, any, a project's id [self]; the image belongs to
                                the token's project, to any project, to that project
          visibility            private, shared, community, public, one or a list
                                [any]; one is equal
          status                active, deactivated, queued, …, one or a list [active];
                                one is equal
          tags                  one or a list [none]; the image has all
          properties            mapping [none]; the image has all, with these values
          size                  { min, max } in bytes [any]; the size is between them,
                                inclusive
          updated_after         time or span [any]; it was updated then or later
          hidden                any, true, false [false]
          snapshots             exclude, include, only [exclude]; openstack server
                                image create makes snapshots

        URL SOURCES
          url                   http or https URL [required]; without user and password
          latest                name with @v [none]; url is a folder, and the image is
                                its file with the highest version
          allow_downgrade       true, false [false]; true copies an older version than
                                was copied before
          stale_after           span [none]; warns if there has been nothing new for
                                this time: 30d
          checksum              algorithm:digits [none]; md5, sha1, sha256 or sha512
          checksum_file         URL or path [none]; a list of checksums
          signed_by             path [none]; a keyring with the publisher's public key
          signature             URL or path [in the list or beside it]; where the
                                signature is
          decompress            none, auto, xz, gz, bz2, zst [none]; sends compressed
                                data decompressed
          convert               none, raw, qcow2 [none]; converts the disk
          proof_properties      true, false [false]; writes what was published as
                                properties of the image
          image                 mapping; see the image block
          series                text or mapping [the rendered name]; see series
          cacert                path [the system's]; a PEM file with the authorities to
                                trust in place of the system's
          auth                  netrc, env:NAME [none]; credentials from ~/.netrc (or
                                $NETRC), or user:password from the variable NAME
          headers               mapping [none]; sent with each request to this URL:
                                headers: { Authorization: "Bearer ${TOKEN}" }
          inspect               true, false [true]; false copies data that is not what
                                disk_format says
          limits                { images } [the pipeline's]; images read at once from
                                here, 1 to 1000

        SIMPLESTREAMS SOURCES
          simplestreams         http or https URL [required]; of the index, or of one
                                file with products
          products              mapping [every product]; fields of a product (arch,
                                release, version, os, …) and globs, one or a list
          item                  text [disk1.img]; the file of each version that is
                                copied, by its name or its ftype
          signed_by, signature  path; URL or path [none]; the index and each file that
                                it names have to be signed: .sjson, or a signature
                                beside it
          allow_downgrade, stale_after  as for URLs
          image, series, decompress, convert, inspect, proof_properties, cacert,
          auth, headers, limits  as for URLs

        FILE SOURCES
          file                  path or glob [required]; in a glob, *, ? and […] match
                                within one folder, and never a leading dot
          latest                name with @v [none]; file is a folder with a slash at
                                its end, and the image is its file with the highest
                                version, compared as for URLs
          allow_downgrade, stale_after  true, false; a span [false; never]; as for URLs
          checksum              algorithm:digits [none]; only for one path, not for a
                                glob or latest
          checksum_file         URL or path [none]; as for URLs
          signed_by, signature  path; URL or path [none]; as for URLs
          decompress            none, auto, xz, gz, bz2, zst [none]; as for URLs
          convert, proof_properties  as for URLs
          image                 mapping; see below
          series                text or mapping [the rendered name]; see series
          inspect               true, false [true]; false copies data that is not what
                                disk_format says
          limits                { images } [the pipeline's]; images read at once from
                                here, 1 to 1000

        ARCHIVE SOURCES
          archive               path [required]; a directory that an archive target
                                wrote
          images                mapping [all images]; conditions on images, as for
                                clouds
          exclude               mapping [none]; leaves out images that match all of its
                                conditions
          variant               text [none]; makes copies of their own, as of a cloud
                                source
          image                 mapping [the archive's own]; replaces fields of every
                                record
          series                text or mapping [none]; each image is its own, as
                                images of clouds are
          limits                { images } [the pipeline's]; images read at once from
                                here, 1 to 1000

        THE IMAGE BLOCK OF A SOURCE
          name                  name with placeholders ["{stem}"]
          disk_format           qcow2, raw, iso, … [by extension, then by the data];
                                .iso .qcow2 .raw .vdi .vhd .vhdx .vmdk imply it
          container_format      bare, ovf, … [bare]
          min_disk              GiB [0]
          min_ram               MiB [0]
          tags                  one or a list [none]; at most 255 characters each
          properties            mapping [none]; fields of the image itself (name,
                                owner, …), os_glance_* and tranship_origin are errors
          visibility            private, shared, community, public [private]; set last,
                                once the copy is proved
          protected             true, false [false]
          hidden                true, false [false]

        SERIES
          A series is a sequence of versions of one image: tomorrow's ubuntu-24.04
          follows today's. It may contain placeholders. The default is the rendered
          name. Two url or file sources with one series are an error. Tranship reports
          it when it reads the file if it can, otherwise in the plan.
          Two entries may have one address or one file, with a name (or series) each:
          every name is an image of its own, which is read, planned and kept in the
          journal by itself. Entries that differ only in the query of a URL have one
          address, too, unless the query names the file of a script.
          The same data under another promise or at another address is the same
          version: a list that gets or loses an algorithm, another list, a checksum
          that is added or removed, a mirror that moved. What a run computed and what
          the target reports decide; if they have no digest of that algorithm, ETag,
          time of change and size do at the same address. If those have changed as
          well, or the address, the data is read, and is nothing new if it is that of
          the current version.
          series: { name: ubuntu-24.04, several: true } allows several sources with
          this series. name is required; several is false by default. What any of the
          sources has now is current, and all other versions are earlier ones. They are
          changed only when every new one is done. While a source is refused, is in
          conflict or has no image, its versions stay as they are; those of the other
          sources go on. A source is known by its address or path, with latest by that
          of all versions: each has a memory of its own, and keep counts its versions
          alone (an upstream that goes wrong).

        CLOUD TARGETS
          cloud                 name [required]; an entry of clouds.yaml
          region, interface, project  [the entry's]; as for cloud sources
          method                auto, upload, glance-direct, web-download,
                                glance-download [auto]; upload sends the data to the
                                record
          stores                all, a store, or a list [the cloud's default]
          image                 mapping [all as at the source]; see the image block
          on_conflict           keep-both, skip, update, replace, rename, fail
                                [keep-both for images of clouds]; what to do if the
                                target already has a different image of this name
          keep                  0 to 1000000 [all]; url, Simplestreams and file
                                sources: how many earlier versions of a series stay
          previous              hide, rename, deactivate, leave [leave]; what to do
                                with those
          expired               { action, after } [leave]; what to do with older ones:
                                action is delete, hide, deactivate or leave
          all_stores_must_succeed  true, false [true]; with several stores, false
                                publishes the image even if one of them fails, and
                                reports which
          accept_transformed    true, false [false]; accepts an import that converted
                                the data and so changed its size or format
          limits                { images } [the pipeline's]; images sent at once to
                                this target, 1 to 1000

        WHAT ON_CONFLICT DOES
          If the target has another image with the name of the copy:
          keep-both             both stay
          update                both stay
          replace               once the copy is proved and published, the other image
                                is hidden, never deleted
          rename                the copy's name gets digits of its checksum
          skip                  the image is not copied
          fail                  the image is a conflict, and is not copied
          If the copy is there, and the pipeline would give it other fields now:
          keep-both             nothing
          update                the fields are carried over: name, tags, properties,
                                min_disk, min_ram, visibility, hidden, deactivated,
                                protected, and new members
          replace               nothing
          rename                nothing
          skip                  nothing
          fail                  nothing

        THE IMAGE BLOCK OF A TARGET
          name                  name with placeholders ["{name}"]
          visibility            keep, private, shared, community, public [keep]
          protected             keep, true, false [keep]
          hidden                keep, true, false [keep]
          keep_id               false, true, prefer [false]; the same UUID as at the
                                source: never, always, or if possible
          owner                 mapping, or projects [the target's project]; maps
                                projects at the source to projects at the target
          members               map, keep, drop [map between two Keystones]; map uses
                                the owner table
          properties            { set, drop, rename }; first drop (globs over names),
                                then rename (old name to new), then set
          tags                  { add, drop }; first drop (globs), then add

        ARCHIVE TARGETS
          archive               path [required]; a directory
          image                 mapping [all as at the source]; as for clouds, without
                                owner and members: an archive keeps both as at the
                                source
          on_conflict           as for clouds
          keep, previous, expired  as for clouds; see earlier versions
          limits                { images } [the pipeline's]; images written at once, 1
                                to 1000

        NAMES WITH PLACEHOLDERS
          {name}                the image's name at the source
          {id}                  the image's id at the source
          {stem}                the file's name without its last extension
          {date}                the day of planning, 2026-11-21
          {version}             the version that latest found; otherwise the property
                                os_version
          {product}             the name of the product; only in simplestreams sources
          {checksum:8}          the first 8 digits of the expected checksum; {checksum}
                                is all of them

        EARLIER VERSIONS
          When a URL or file has new data, its copy is a new version of the series,
          beside the copies of earlier data. keep, previous and expired say what
          becomes of those:
              targets:
                - cloud: beta
                  # the two versions before the current one
                  keep: 2
                  # are hidden, and can still be used by id
                  previous: hide
                  # older ones are deleted 90 days after they were replaced
                  expired: { action: delete, after: 90d }

        GLOBS
          * is any text, ? one character, [a-z] one of a set and [!a-z] one outside it;
          \ takes the next character as it is. The whole name must match, and case
          matters. A [ without a closing bracket stands for itself, and so do braces:
          instead of noble-{a,b}, write a list of two globs.

        More: docs/pipeline-format.md. A file to begin with: tranship init


        """#
}
