# Shell functions that the runbooks use. Set STACK (and the AWS CLI's region and credentials), then: . infra/runbooks.sh
#
#   id_of LOGICAL_ID              the name or ARN of a resource of the stack, e.g. id_of JobsSendMail
#   logs GROUP MINUTES QUERY      asks Logs Insights about the last minutes of FunctionLogs or ApiLogs
#   metric NAMESPACE NAME MINUTES STATISTIC [DIMENSION=VALUE …]    the last minutes of a metric, newest last
#   lock_key EMAIL                the key of the counter that locks an account, in the table attempts
#   sweep                         removes what a deleted stack has left, after a question
#   copy_missing FROM TO KEY:TYPE …    copies the items of one table that another lacks, e.g. with the keys actor:S at:S

: "${STACK:?set STACK to the name of the stack}"

id_of() {
  aws cloudformation describe-stack-resource --stack-name "$STACK" --logical-resource-id "$1" \
    --query StackResourceDetail.PhysicalResourceId --output text
}

logs() {
  local now query
  now=$(date +%s)
  query=$(aws logs start-query --log-group-name "$(id_of "$1")" --start-time $((now - $2 * 60)) --end-time "$now" \
    --query-string "$3" --query queryId --output text) || return
  while [ "$(aws logs get-query-results --query-id "$query" --query status --output text)" = Running ]; do sleep 1; done
  aws logs get-query-results --query-id "$query" --query 'results[].[*].value' --output json | jq -c '.[]'
}

metric() {
  local namespace=$1 name=$2 minutes=$3 statistic=$4 now pair
  shift 4
  now=$(date +%s)
  local dimensions=()
  for pair in "$@"; do dimensions+=("Name=${pair%%=*},Value=${pair#*=}"); done
  aws cloudwatch get-metric-statistics --namespace "$namespace" --metric-name "$name" --period 60 --statistics "$statistic" \
    --start-time $((now - minutes * 60)) --end-time "$now" ${dimensions:+--dimensions "${dimensions[@]}"} \
    --query "sort_by(Datapoints, &Timestamp)[].[Timestamp, $statistic]" --output text
}

# A table that is protected from deletion ends it, before a key is touched that it needs. Keys are known by their description, which
# begins with the stack's name: those of the template, those that were made at run time, and that of the vault.
sweep() {
  local answer table key ours
  answer=$(aws cloudformation describe-stacks --stack-name "$STACK" 2>&1)
  case $answer in *"does not exist"*) ;; *) echo "only for a stack that is gone: $answer" >&2; return 1 ;; esac
  printf 'Delete all accounts, keys and the trail of %s for good? Type its name: ' "$STACK"
  read -r answer
  [ "$answer" = "$STACK" ] || return 1
  for table in users logins organizations audit-events audit-chain signing-keys settings; do
    answer=$(aws dynamodb delete-table --table-name "$STACK-$table" --query TableDescription.TableName --output text 2>&1) ||
      case $answer in *ResourceNotFoundException*) continue ;; *) echo "$answer" >&2; return 1 ;; esac
    echo "$answer"
  done
  for key in $(aws kms list-keys --query 'Keys[].KeyId' --output text); do
    ours="KeyMetadata.KeyState != 'PendingDeletion' && starts_with(KeyMetadata.Description, '$STACK: ')"
    [ "$(aws kms describe-key --key-id "$key" --query "$ours" --output text)" = True ] || continue
    aws kms schedule-key-deletion --key-id "$key" --pending-window-in-days 7 --query '[KeyId, DeletionDate]' --output text
  done
  ours="BackupVaultList[?BackupVaultName=='$STACK-backups'].BackupVaultName"
  [ -z "$(aws backup list-backup-vaults --query "$ours" --output text)" ] || aws backup delete-backup-vault --backup-vault-name "$STACK-backups"
}

lock_key() {
  printf 'login#%s' "$(printf %s "$1" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')"
}

# Reads the keys of both tables, so it costs two scans. What is there is left alone, also if it comes while this runs.
copy_missing() {
  local from=$1 to=$2 work table part columns='' key item line
  shift 2
  work=$(mktemp -d) || return
  for part in "$@"; do columns=$columns${columns:+, }${part%:*}.${part#*:}; done
  for table in "$from" "$to"; do
    aws dynamodb scan --table-name "$table" --consistent-read --query "Items[].[$columns]" --output text | sort > "$work/$table" || return
  done
  comm -23 "$work/$from" "$work/$to" > "$work/missing"
  while IFS= read -r line; do
    key=
    for part in "$@"; do
      key="$key${key:+, }\"${part%:*}\": {\"${part#*:}\": \"${line%%$'\t'*}\"}"
      line=${line#*$'\t'}
    done
    item=$(aws dynamodb get-item --table-name "$from" --key "{$key}" --query Item --output json </dev/null) &&
      aws dynamodb put-item --table-name "$to" --item "$item" --condition-expression 'attribute_not_exists(#k)' \
        --expression-attribute-names "{\"#k\": \"${1%:*}\"}" </dev/null && echo "{$key}"
  done < "$work/missing"
  rm -r "$work"
}
