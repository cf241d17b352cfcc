# Shell functions that the runbooks use. Set STACK (and the AWS CLI's region and credentials), then: . infra/runbooks.sh
#
#   id_of LOGICAL_ID              the name or ARN of a resource of the stack, e.g. id_of JobsSendMail
#   logs GROUP MINUTES QUERY      asks Logs Insights about the last minutes of FunctionLogs or ApiLogs
#   metric NAMESPACE NAME MINUTES STATISTIC [DIMENSION=VALUE …]    the last minutes of a metric, newest last
#   lock_key EMAIL                the key of the counter that locks an account, in the table attempts
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
